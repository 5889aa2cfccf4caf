-- Moving members over from an older system: how each gets in for the first time, and where the older host leads.

-- The batch of older users that brought the account.
ALTER TABLE accounts ADD COLUMN batch_id INTEGER;
-- How the owner gets in for the first time: a posted pair, a mailed link, or symbol, number and birth date as the password.
ALTER TABLE accounts ADD COLUMN first_way TEXT CHECK (first_way IN ('pair', 'link', 'numbers'));
-- The mail that tells of the renewed portal: written at most once, and taken back only before it is due.
ALTER TABLE accounts ADD COLUMN announcement_mail_id INTEGER;

CREATE INDEX accounts_batch ON accounts (society_id, batch_id) WHERE batch_id IS NOT NULL;
-- Who has a password that can be guessed.
CREATE INDEX accounts_numbers ON accounts (society_id, password_ends_at) WHERE first_way = 'numbers' AND state = 'temporary';
CREATE INDEX mails_account ON mails (society_id, account_id);

-- Pairs that are made and not yet written out for the printing house: sealed, and gone once they are.
CREATE TABLE issued_pairs (
    society_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    sealed_password BLOB NOT NULL,
    PRIMARY KEY (society_id, account_id),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
) STRICT;

-- The host names of older systems, which show where the portal is now.
CREATE TABLE older_hosts (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    host TEXT NOT NULL UNIQUE,
    -- The day from which the older system is closed.
    closes TEXT NOT NULL CHECK (closes GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
    PRIMARY KEY (society_id, host)
) STRICT;

-- One more kind of file. SQLite changes a CHECK in no other way without copying the table and all that refers to it
-- (https://sqlite.org/lang_altertable.html, section 7); what lies on the disk stays.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(sql, 'kind IN (''register'', ''expenses'')', 'kind IN (''register'', ''expenses'', ''older_users'')')
WHERE type = 'table' AND name = 'import_batches';
PRAGMA writable_schema = RESET;
