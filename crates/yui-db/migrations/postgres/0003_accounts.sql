-- Logins of insured persons; each sees its household.

CREATE TABLE accounts (
    society_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    -- The insured person, and the household whose data the account sees.
    member_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    -- Lower case; the one the member types.
    user_id TEXT COLLATE "C" NOT NULL,
    password_hash TEXT NOT NULL,
    password_set_at TIMESTAMPTZ NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('temporary', 'enrolled', 'stopped')),
    email TEXT,
    wrong_passwords INTEGER NOT NULL,
    locked_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, account_id),
    CONSTRAINT accounts_user_id UNIQUE (society_id, user_id),
    CONSTRAINT accounts_member_id UNIQUE (society_id, member_id),
    FOREIGN KEY (society_id, member_id) REFERENCES members (society_id, member_id),
    FOREIGN KEY (society_id, household_id) REFERENCES households (society_id, household_id)
);

CREATE TABLE sessions (
    society_id BIGINT NOT NULL,
    -- SHA-256 of the token in the cookie.
    token_hash BYTEA NOT NULL,
    account_id BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    idle_until TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    remembered BOOLEAN NOT NULL,
    PRIMARY KEY (society_id, token_hash),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
);

CREATE INDEX sessions_account ON sessions (society_id, account_id);
