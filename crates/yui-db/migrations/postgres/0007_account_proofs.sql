-- What proves who somebody is: enrolment, second factors, logins under way, mailed links, terms, and what happened.

ALTER TABLE accounts ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN origin TEXT COLLATE "C" NOT NULL DEFAULT 'new' CHECK (origin IN ('new', 'was_active', 'was_idle'));
ALTER TABLE accounts ADD COLUMN lang TEXT COLLATE "C" NOT NULL DEFAULT 'ja' CHECK (lang IN ('ja', 'en'));
-- The random name under which authenticators know the account.
ALTER TABLE accounts ADD COLUMN handle BYTEA;
-- When a password that is not the member's own dies.
ALTER TABLE accounts ADD COLUMN password_ends_at TIMESTAMPTZ;
ALTER TABLE accounts ADD COLUMN password_must_change BOOLEAN NOT NULL DEFAULT FALSE;
-- One that was mailed to whoever forgot their own, which goes on until the mailed one is used.
ALTER TABLE accounts ADD COLUMN mailed_password_hash TEXT;
ALTER TABLE accounts ADD COLUMN mailed_password_ends_at TIMESTAMPTZ;
ALTER TABLE accounts ADD COLUMN email_verified_at TIMESTAMPTZ;
-- How far enrolment has come, as JSON; none once it is done.
ALTER TABLE accounts ADD COLUMN enrolment TEXT;
ALTER TABLE accounts ADD COLUMN enrolled_at TIMESTAMPTZ;
ALTER TABLE accounts ADD COLUMN chosen_factor TEXT COLLATE "C" CHECK (chosen_factor IN ('passkey', 'app', 'email'));
-- Wrong codes and wrong birth dates in a row.
ALTER TABLE accounts ADD COLUMN wrong_codes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN wrong_identities INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN last_login_at TIMESTAMPTZ;

CREATE UNIQUE INDEX accounts_email ON accounts (society_id, email);
CREATE UNIQUE INDEX accounts_handle ON accounts (society_id, handle);

ALTER TABLE sessions ADD COLUMN proved_at TIMESTAMPTZ;
ALTER TABLE sessions ADD COLUMN proof TEXT;
ALTER TABLE sessions ADD COLUMN device TEXT;
ALTER TABLE sessions ADD COLUMN address TEXT;

-- A login, a reset or a re-authentication under way; the token is in a cookie.
CREATE TABLE logins (
    society_id BIGINT NOT NULL,
    -- SHA-256 of the token.
    token_hash BYTEA NOT NULL,
    account_id BIGINT NOT NULL,
    -- Grows with every step, so that a step is taken once.
    revision BIGINT NOT NULL,
    -- What has been proved in it, as JSON.
    proofs TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, token_hash),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
);

CREATE INDEX logins_account ON logins (society_id, account_id);

-- A question put to a browser or an app that waits for its answer: deleted by the first answer.
CREATE TABLE ceremonies (
    society_id BIGINT NOT NULL,
    token_hash BYTEA NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    account_id BIGINT,
    sealed_state BYTEA NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, token_hash)
);

CREATE TABLE factors (
    society_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    factor_id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('passkey', 'app', 'email')),
    label TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    -- App: the key, sealed, and the newest 30-second step whose code was taken.
    sealed_key BYTEA,
    last_step BIGINT,
    -- Passkey: its identifier and public part, and whether it is synced between devices.
    credential_id BYTEA,
    credential TEXT,
    synced BOOLEAN,
    PRIMARY KEY (society_id, account_id, factor_id),
    CONSTRAINT factors_account_id_kind_label UNIQUE (society_id, account_id, kind, label),
    CONSTRAINT factors_credential_id UNIQUE (society_id, credential_id),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
);

CREATE TABLE recovery_codes (
    society_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    place INTEGER NOT NULL,
    sealed_code BYTEA NOT NULL,
    used_at TIMESTAMPTZ,
    PRIMARY KEY (society_id, account_id, place),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
);

-- A browser in which somebody has proved to be the owner of the account.
CREATE TABLE devices (
    society_id BIGINT NOT NULL,
    token_hash BYTEA NOT NULL,
    account_id BIGINT NOT NULL,
    wrong_passwords INTEGER NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, token_hash, account_id),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
);

CREATE INDEX devices_account ON devices (society_id, account_id);

-- A link in a mail: works once, until it ends.
CREATE TABLE mailed_links (
    society_id BIGINT NOT NULL,
    token_hash BYTEA NOT NULL,
    account_id BIGINT NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('email', 'password', 'first_login')),
    -- The address it proves.
    address TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, token_hash),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
);

CREATE INDEX mailed_links_account ON mailed_links (society_id, account_id);

-- How often something was tried: the instant up to which the tries are spent.
CREATE TABLE throttles (
    society_id BIGINT NOT NULL,
    -- SHA-256 of what is limited and for whom.
    name BYTEA NOT NULL,
    spent_until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, name)
);

CREATE TABLE terms (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    valid_from TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, version)
);

CREATE TABLE terms_agreements (
    society_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    agreed_at TIMESTAMPTZ NOT NULL,
    -- From which network address.
    address TEXT NOT NULL,
    PRIMARY KEY (society_id, account_id, version),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id),
    FOREIGN KEY (society_id, version) REFERENCES terms (society_id, version)
);

-- What happened to an account: logins with the kind of proof, changes of what proves its owner.
CREATE TABLE account_events (
    society_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    detail TEXT,
    -- Who acted: 'member', or staff's command.
    actor TEXT NOT NULL,
    address TEXT,
    PRIMARY KEY (society_id, event_id)
);

CREATE INDEX account_events_account ON account_events (society_id, account_id, event_id);

-- Of which kinds of news a member wants mail.
CREATE TABLE mail_wishes (
    society_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    wanted BOOLEAN NOT NULL,
    PRIMARY KEY (society_id, account_id, kind),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
);
