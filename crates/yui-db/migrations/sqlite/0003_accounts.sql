-- Logins of insured persons; each sees its household.

CREATE TABLE accounts (
    society_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    -- The insured person, and the household whose data the account sees.
    member_id INTEGER NOT NULL,
    household_id INTEGER NOT NULL,
    -- Lower case; the one the member types.
    user_id TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    password_set_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('temporary', 'enrolled', 'stopped')),
    email TEXT,
    wrong_passwords INTEGER NOT NULL,
    locked_at TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (society_id, account_id),
    UNIQUE (society_id, user_id),
    UNIQUE (society_id, member_id),
    FOREIGN KEY (society_id, member_id) REFERENCES members (society_id, member_id),
    FOREIGN KEY (society_id, household_id) REFERENCES households (society_id, household_id)
) STRICT;

CREATE TABLE sessions (
    society_id INTEGER NOT NULL,
    -- SHA-256 of the token in the cookie.
    token_hash BLOB NOT NULL,
    account_id INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    idle_until TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    remembered INTEGER NOT NULL CHECK (remembered IN (0, 1)),
    PRIMARY KEY (society_id, token_hash),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
) STRICT;

CREATE INDEX sessions_account ON sessions (society_id, account_id);
