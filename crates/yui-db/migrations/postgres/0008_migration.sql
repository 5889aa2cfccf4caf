-- Moving members over from an older system: how each gets in for the first time, and where the older host leads.

-- The batch of older users that brought the account.
ALTER TABLE accounts ADD COLUMN batch_id BIGINT;
-- How the owner gets in for the first time: a posted pair, a mailed link, or symbol, number and birth date as the password.
ALTER TABLE accounts ADD COLUMN first_way TEXT CHECK (first_way IN ('pair', 'link', 'numbers'));
-- The mail that tells of the renewed portal: written at most once, and taken back only before it is due.
ALTER TABLE accounts ADD COLUMN announcement_mail_id BIGINT;

CREATE INDEX accounts_batch ON accounts (society_id, batch_id) WHERE batch_id IS NOT NULL;
-- Who has a password that can be guessed.
CREATE INDEX accounts_numbers ON accounts (society_id, password_ends_at) WHERE first_way = 'numbers' AND state = 'temporary';
CREATE INDEX mails_account ON mails (society_id, account_id);

-- Pairs that are made and not yet written out for the printing house: sealed, and gone once they are.
CREATE TABLE issued_pairs (
    society_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    sealed_password BYTEA NOT NULL,
    PRIMARY KEY (society_id, account_id),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
);

-- The host names of older systems, which show where the portal is now.
CREATE TABLE older_hosts (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    host TEXT COLLATE "C" NOT NULL,
    -- The day from which the older system is closed.
    closes DATE NOT NULL,
    PRIMARY KEY (society_id, host),
    CONSTRAINT older_hosts_host UNIQUE (host)
);

-- One more kind of file.
ALTER TABLE import_batches DROP CONSTRAINT import_batches_kind_check;
ALTER TABLE import_batches ADD CONSTRAINT import_batches_kind_check CHECK (kind IN ('register', 'expenses', 'older_users'));
