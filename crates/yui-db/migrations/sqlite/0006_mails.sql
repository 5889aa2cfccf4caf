-- The outbox: a mail is written in the transaction of what caused it, and delivered by a worker.

CREATE TABLE mails (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    mail_id INTEGER NOT NULL,
    -- Whose mail it is, where it is somebody's with an account.
    account_id INTEGER,
    -- What the mail is, as in 'email_verify'.
    kind TEXT NOT NULL,
    sender TEXT NOT NULL CHECK (sender IN ('no_reply', 'info', 'webmaster')),
    recipient TEXT NOT NULL,
    -- Subject, text and HTML, sealed; gone once delivered, so that no secret link stays. The demo keeps it for its mailbox.
    sealed_content BLOB,
    created_at TEXT NOT NULL,
    -- Not before then: a scheduled announcement, or the next try.
    due_at TEXT NOT NULL,
    -- How often a worker took it; the worker that took it last is the one that may say how it went.
    tries INTEGER NOT NULL,
    -- A worker has it until then; if it was killed, another takes it.
    taken_until TEXT,
    sent_at TEXT,
    -- Given up.
    failed_at TEXT,
    -- Why the last try failed: never an address or a word of the mail.
    last_error TEXT,
    PRIMARY KEY (society_id, mail_id),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
) STRICT;

CREATE INDEX mails_due ON mails (society_id, due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
