-- What proves who somebody is: enrolment, second factors, logins under way, mailed links, terms, and what happened.

ALTER TABLE accounts ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN origin TEXT NOT NULL DEFAULT 'new' CHECK (origin IN ('new', 'was_active', 'was_idle'));
ALTER TABLE accounts ADD COLUMN lang TEXT NOT NULL DEFAULT 'ja' CHECK (lang IN ('ja', 'en'));
-- The random name under which authenticators know the account.
ALTER TABLE accounts ADD COLUMN handle BLOB;
-- When a password that is not the member's own dies.
ALTER TABLE accounts ADD COLUMN password_ends_at TEXT;
ALTER TABLE accounts ADD COLUMN password_must_change INTEGER NOT NULL DEFAULT 0 CHECK (password_must_change IN (0, 1));
-- One that was mailed to whoever forgot their own, which goes on until the mailed one is used.
ALTER TABLE accounts ADD COLUMN mailed_password_hash TEXT;
ALTER TABLE accounts ADD COLUMN mailed_password_ends_at TEXT;
ALTER TABLE accounts ADD COLUMN email_verified_at TEXT;
-- How far enrolment has come, as JSON; none once it is done.
ALTER TABLE accounts ADD COLUMN enrolment TEXT;
ALTER TABLE accounts ADD COLUMN enrolled_at TEXT;
ALTER TABLE accounts ADD COLUMN chosen_factor TEXT CHECK (chosen_factor IN ('passkey', 'app', 'email'));
-- Wrong codes and wrong birth dates in a row.
ALTER TABLE accounts ADD COLUMN wrong_codes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN wrong_identities INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN last_login_at TEXT;

CREATE UNIQUE INDEX accounts_email ON accounts (society_id, email);
CREATE UNIQUE INDEX accounts_handle ON accounts (society_id, handle);

ALTER TABLE sessions ADD COLUMN proved_at TEXT;
ALTER TABLE sessions ADD COLUMN proof TEXT;
ALTER TABLE sessions ADD COLUMN device TEXT;
ALTER TABLE sessions ADD COLUMN address TEXT;

-- A login, a reset or a re-authentication under way; the token is in a cookie.
CREATE TABLE logins (
    society_id INTEGER NOT NULL,
    -- SHA-256 of the token.
    token_hash BLOB NOT NULL,
    account_id INTEGER NOT NULL,
    -- Grows with every step, so that a step is taken once.
    revision INTEGER NOT NULL,
    -- What has been proved in it, as JSON.
    proofs TEXT NOT NULL,
    created_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    PRIMARY KEY (society_id, token_hash),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
) STRICT;

CREATE INDEX logins_account ON logins (society_id, account_id);

-- A question put to a browser or an app that waits for its answer: deleted by the first answer.
CREATE TABLE ceremonies (
    society_id INTEGER NOT NULL,
    token_hash BLOB NOT NULL,
    kind TEXT NOT NULL,
    account_id INTEGER,
    sealed_state BLOB NOT NULL,
    ends_at TEXT NOT NULL,
    PRIMARY KEY (society_id, token_hash)
) STRICT;

CREATE TABLE factors (
    society_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    factor_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('passkey', 'app', 'email')),
    label TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT,
    -- App: the key, sealed, and the newest 30-second step whose code was taken.
    sealed_key BLOB,
    last_step INTEGER,
    -- Passkey: its identifier and public part, and whether it is synced between devices.
    credential_id BLOB,
    credential TEXT,
    synced INTEGER CHECK (synced IN (0, 1)),
    PRIMARY KEY (society_id, account_id, factor_id),
    UNIQUE (society_id, account_id, kind, label),
    UNIQUE (society_id, credential_id),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
) STRICT;

CREATE TABLE recovery_codes (
    society_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    place INTEGER NOT NULL,
    sealed_code BLOB NOT NULL,
    used_at TEXT,
    PRIMARY KEY (society_id, account_id, place),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
) STRICT;

-- A browser in which somebody has proved to be the owner of the account.
CREATE TABLE devices (
    society_id INTEGER NOT NULL,
    token_hash BLOB NOT NULL,
    account_id INTEGER NOT NULL,
    wrong_passwords INTEGER NOT NULL,
    last_seen_at TEXT NOT NULL,
    PRIMARY KEY (society_id, token_hash, account_id),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
) STRICT;

CREATE INDEX devices_account ON devices (society_id, account_id);

-- A link in a mail: works once, until it ends.
CREATE TABLE mailed_links (
    society_id INTEGER NOT NULL,
    token_hash BLOB NOT NULL,
    account_id INTEGER NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('email', 'password', 'first_login')),
    -- The address it proves.
    address TEXT,
    created_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    PRIMARY KEY (society_id, token_hash),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
) STRICT;

CREATE INDEX mailed_links_account ON mailed_links (society_id, account_id);

-- How often something was tried: the instant up to which the tries are spent.
CREATE TABLE throttles (
    society_id INTEGER NOT NULL,
    -- SHA-256 of what is limited and for whom.
    name BLOB NOT NULL,
    spent_until TEXT NOT NULL,
    PRIMARY KEY (society_id, name)
) STRICT;

CREATE TABLE terms (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (society_id, version)
) STRICT;

CREATE TABLE terms_agreements (
    society_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    agreed_at TEXT NOT NULL,
    -- From which network address.
    address TEXT NOT NULL,
    PRIMARY KEY (society_id, account_id, version),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id),
    FOREIGN KEY (society_id, version) REFERENCES terms (society_id, version)
) STRICT;

-- What happened to an account: logins with the kind of proof, changes of what proves its owner.
CREATE TABLE account_events (
    society_id INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT,
    -- Who acted: 'member', or staff's command.
    actor TEXT NOT NULL,
    address TEXT,
    PRIMARY KEY (society_id, event_id)
) STRICT;

CREATE INDEX account_events_account ON account_events (society_id, account_id, event_id);

-- Of which kinds of news a member wants mail.
CREATE TABLE mail_wishes (
    society_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    wanted INTEGER NOT NULL CHECK (wanted IN (0, 1)),
    PRIMARY KEY (society_id, account_id, kind),
    FOREIGN KEY (society_id, account_id) REFERENCES accounts (society_id, account_id)
) STRICT;
