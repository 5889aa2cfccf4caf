-- The society's staff: accounts apart from members', never without a second factor; what they see and do; what two of them
-- must agree upon.

CREATE TABLE staff (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    staff_id INTEGER NOT NULL,
    -- Lower case; what they log in with.
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'benefits', 'desk', 'viewer')),
    -- None until the invitation is answered.
    password_hash TEXT,
    -- The random name under which authenticators know the account.
    handle BLOB NOT NULL,
    -- Grows with every change of role or of what proves who they are: what was proved before counts no more.
    revision INTEGER NOT NULL,
    wrong_codes INTEGER NOT NULL,
    locked_at TEXT,
    stopped_at TEXT,
    created_at TEXT NOT NULL,
    last_login_at TEXT,
    PRIMARY KEY (society_id, staff_id),
    UNIQUE (society_id, email)
) STRICT;

CREATE TABLE staff_factors (
    society_id INTEGER NOT NULL,
    staff_id INTEGER NOT NULL,
    factor_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('passkey', 'app')),
    label TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT,
    -- App: the key, sealed, and the newest 30-second step whose code was taken.
    sealed_key BLOB,
    last_step INTEGER,
    credential_id BLOB,
    credential TEXT,
    PRIMARY KEY (society_id, staff_id, factor_id),
    UNIQUE (society_id, credential_id),
    FOREIGN KEY (society_id, staff_id) REFERENCES staff (society_id, staff_id)
) STRICT;

CREATE TABLE staff_sessions (
    society_id INTEGER NOT NULL,
    -- SHA-256 of the token in the cookie.
    token_hash BLOB NOT NULL,
    staff_id INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    -- When the second factor was last proved.
    proved_at TEXT NOT NULL,
    device TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (society_id, token_hash),
    FOREIGN KEY (society_id, staff_id) REFERENCES staff (society_id, staff_id)
) STRICT;

CREATE INDEX staff_sessions_staff ON staff_sessions (society_id, staff_id);

-- The password is proved, the second factor is not yet (or is not yet registered).
CREATE TABLE staff_logins (
    society_id INTEGER NOT NULL,
    token_hash BLOB NOT NULL,
    staff_id INTEGER NOT NULL,
    -- The account's revision when the password was proved.
    revision INTEGER NOT NULL,
    return_to TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    PRIMARY KEY (society_id, token_hash),
    FOREIGN KEY (society_id, staff_id) REFERENCES staff (society_id, staff_id)
) STRICT;

CREATE INDEX staff_logins_staff ON staff_logins (society_id, staff_id);

-- Invitations, by mail: the newest counts, once.
CREATE TABLE staff_invitations (
    society_id INTEGER NOT NULL,
    staff_id INTEGER NOT NULL,
    token_hash BLOB NOT NULL,
    ends_at TEXT NOT NULL,
    PRIMARY KEY (society_id, staff_id),
    UNIQUE (society_id, token_hash),
    FOREIGN KEY (society_id, staff_id) REFERENCES staff (society_id, staff_id)
) STRICT;

-- Who saw or did what, to whom, from where; each entry carries the hash of the one before.
CREATE TABLE audit_entries (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    entry_id INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('staff', 'command', 'worker')),
    actor_id INTEGER,
    actor_name TEXT NOT NULL,
    address TEXT,
    act TEXT NOT NULL,
    subject_kind TEXT,
    subject_id INTEGER,
    subject_name TEXT,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (society_id, entry_id)
) STRICT;

CREATE INDEX audit_entries_at ON audit_entries (society_id, at, entry_id);
CREATE INDEX audit_entries_subject ON audit_entries (society_id, subject_kind, subject_id, entry_id);

-- The end of each society's chain, sealed so that nobody without the keys can write another.
CREATE TABLE audit_heads (
    society_id INTEGER NOT NULL PRIMARY KEY REFERENCES societies (society_id),
    entry_id INTEGER NOT NULL,
    sealed_hash BLOB NOT NULL
) STRICT;

-- While the society has its end of the chain, no entry is changed or removed.
CREATE TRIGGER audit_entries_kept_from_update BEFORE UPDATE ON audit_entries
WHEN EXISTS (SELECT 1 FROM audit_heads WHERE society_id = OLD.society_id)
BEGIN
    SELECT RAISE(ABORT, 'audit_entries is append-only');
END;
CREATE TRIGGER audit_entries_kept_from_delete BEFORE DELETE ON audit_entries
WHEN EXISTS (SELECT 1 FROM audit_heads WHERE society_id = OLD.society_id)
BEGIN
    SELECT RAISE(ABORT, 'audit_entries is append-only');
END;

-- What one asked for and another decides.
CREATE TABLE approvals (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    approval_id INTEGER NOT NULL,
    act TEXT NOT NULL,
    -- What the act is done to, and how: as the act's feature writes it.
    subject_id INTEGER NOT NULL,
    subject_name TEXT NOT NULL,
    detail TEXT NOT NULL,
    asked_by INTEGER NOT NULL,
    asked_at TEXT NOT NULL,
    decided_by INTEGER,
    decided_at TEXT,
    approved INTEGER CHECK (approved IN (0, 1)),
    PRIMARY KEY (society_id, approval_id),
    FOREIGN KEY (society_id, asked_by) REFERENCES staff (society_id, staff_id),
    FOREIGN KEY (society_id, decided_by) REFERENCES staff (society_id, staff_id)
) STRICT;

-- One question at a time about the same thing.
CREATE UNIQUE INDEX approvals_open ON approvals (society_id, act, subject_id) WHERE decided_at IS NULL;

-- How the society stood at the end of each day, as counted then: for pictures over time, and for a first page that counts nothing.
CREATE TABLE daily_figures (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    day TEXT NOT NULL CHECK (day GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
    taken_at TEXT NOT NULL,
    members INTEGER NOT NULL,
    insured INTEGER NOT NULL,
    enrolled INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    stopped INTEGER NOT NULL,
    locked INTEGER NOT NULL,
    never_logged_in INTEGER NOT NULL,
    with_passkey INTEGER NOT NULL,
    with_app INTEGER NOT NULL,
    with_email INTEGER NOT NULL,
    PRIMARY KEY (society_id, day)
) STRICT;

CREATE INDEX mails_failed ON mails (society_id, failed_at) WHERE failed_at IS NOT NULL;
