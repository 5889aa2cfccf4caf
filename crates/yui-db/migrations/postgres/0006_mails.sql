-- The outbox: a mail is written in the transaction of what caused it, and delivered by a worker.

CREATE TABLE mails (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    mail_id BIGINT NOT NULL,
    -- Whose mail it is, where it is somebody's with an account.
    account_id BIGINT,
    -- What the mail is, as in 'email_verify'.
    kind TEXT COLLATE "C" NOT NULL,
    sender TEXT COLLATE "C" NOT NULL CHECK (sender IN ('no_reply', 'info', 'webmaster')),
    recipient TEXT NOT NULL,
    -- Subject, text and HTML, sealed; gone once delivered, so that no secret link stays. The demo keeps it for its mailbox.
    sealed_content BYTEA,
    created_at TIMESTAMPTZ NOT NULL,
    -- Not before then: a scheduled announcement, or the next try.
    due_at TIMESTAMPTZ NOT NULL,
    -- How often a worker took it; the worker that took it last is the one that may say how it went.
    tries INTEGER NOT NULL,
    -- A worker has it until then; if it was killed, another takes it.
    taken_until TIMESTAMPTZ,
    sent_at TIMESTAMPTZ,
    -- Given up.
    failed_at TIMESTAMPTZ,
    -- Why the last try failed: never an address or a word of the mail.
    last_error TEXT,
    PRIMARY KEY (society_id, mail_id),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
);

CREATE INDEX mails_due ON mails (society_id, due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
