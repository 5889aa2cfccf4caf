-- The society's staff: accounts apart from members', never without a second factor; what they see and do; what two of them
-- must agree upon.

CREATE TABLE staff (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    staff_id BIGINT NOT NULL,
    -- Lower case; what they log in with.
    email TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('admin', 'benefits', 'desk', 'viewer')),
    -- None until the invitation is answered.
    password_hash TEXT,
    -- The random name under which authenticators know the account.
    handle BYTEA NOT NULL,
    -- Grows with every change of role or of what proves who they are: what was proved before counts no more.
    revision BIGINT NOT NULL,
    wrong_codes INTEGER NOT NULL,
    locked_at TIMESTAMPTZ,
    stopped_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    last_login_at TIMESTAMPTZ,
    PRIMARY KEY (society_id, staff_id),
    CONSTRAINT staff_email UNIQUE (society_id, email)
);

CREATE TABLE staff_factors (
    society_id BIGINT NOT NULL,
    staff_id BIGINT NOT NULL,
    factor_id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('passkey', 'app')),
    label TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    -- App: the key, sealed, and the newest 30-second step whose code was taken.
    sealed_key BYTEA,
    last_step BIGINT,
    credential_id BYTEA,
    credential TEXT,
    PRIMARY KEY (society_id, staff_id, factor_id),
    CONSTRAINT staff_factors_credential_id UNIQUE (society_id, credential_id),
    FOREIGN KEY (society_id, staff_id) REFERENCES staff (society_id, staff_id)
);

CREATE TABLE staff_sessions (
    society_id BIGINT NOT NULL,
    -- SHA-256 of the token in the cookie.
    token_hash BYTEA NOT NULL,
    staff_id BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    -- When the second factor was last proved.
    proved_at TIMESTAMPTZ NOT NULL,
    device TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (society_id, token_hash),
    FOREIGN KEY (society_id, staff_id) REFERENCES staff (society_id, staff_id)
);

CREATE INDEX staff_sessions_staff ON staff_sessions (society_id, staff_id);

-- The password is proved, the second factor is not yet (or is not yet registered).
CREATE TABLE staff_logins (
    society_id BIGINT NOT NULL,
    token_hash BYTEA NOT NULL,
    staff_id BIGINT NOT NULL,
    -- The account's revision when the password was proved.
    revision BIGINT NOT NULL,
    return_to TEXT NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, token_hash),
    FOREIGN KEY (society_id, staff_id) REFERENCES staff (society_id, staff_id)
);

CREATE INDEX staff_logins_staff ON staff_logins (society_id, staff_id);

-- Invitations, by mail: the newest counts, once.
CREATE TABLE staff_invitations (
    society_id BIGINT NOT NULL,
    staff_id BIGINT NOT NULL,
    token_hash BYTEA NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, staff_id),
    CONSTRAINT staff_invitations_token_hash UNIQUE (society_id, token_hash),
    FOREIGN KEY (society_id, staff_id) REFERENCES staff (society_id, staff_id)
);

-- Who saw or did what, to whom, from where; each entry carries the hash of the one before.
CREATE TABLE audit_entries (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    entry_id BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    actor_kind TEXT COLLATE "C" NOT NULL CHECK (actor_kind IN ('staff', 'command', 'worker')),
    actor_id BIGINT,
    actor_name TEXT NOT NULL,
    address TEXT,
    act TEXT COLLATE "C" NOT NULL,
    subject_kind TEXT COLLATE "C",
    subject_id BIGINT,
    subject_name TEXT,
    detail TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (society_id, entry_id)
);

CREATE INDEX audit_entries_at ON audit_entries (society_id, at, entry_id);
CREATE INDEX audit_entries_subject ON audit_entries (society_id, subject_kind, subject_id, entry_id);

-- The end of each society's chain, sealed so that nobody without the keys can write another.
CREATE TABLE audit_heads (
    society_id BIGINT NOT NULL PRIMARY KEY REFERENCES societies (society_id),
    entry_id BIGINT NOT NULL,
    sealed_hash BYTEA NOT NULL
);

-- While the society has its end of the chain, no entry is changed or removed.
CREATE FUNCTION audit_entries_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_heads WHERE society_id = OLD.society_id) THEN
        RAISE EXCEPTION 'audit_entries is append-only';
    END IF;
    RETURN CASE TG_OP WHEN 'UPDATE' THEN NEW ELSE OLD END;
END
$$;
CREATE TRIGGER audit_entries_kept BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_entries_kept();

-- What one asked for and another decides.
CREATE TABLE approvals (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    approval_id BIGINT NOT NULL,
    act TEXT COLLATE "C" NOT NULL,
    -- What the act is done to, and how: as the act's feature writes it.
    subject_id BIGINT NOT NULL,
    subject_name TEXT NOT NULL,
    detail TEXT NOT NULL,
    asked_by BIGINT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    decided_by BIGINT,
    decided_at TIMESTAMPTZ,
    approved BOOLEAN,
    PRIMARY KEY (society_id, approval_id),
    FOREIGN KEY (society_id, asked_by) REFERENCES staff (society_id, staff_id),
    FOREIGN KEY (society_id, decided_by) REFERENCES staff (society_id, staff_id)
);

-- One question at a time about the same thing.
CREATE UNIQUE INDEX approvals_open ON approvals (society_id, act, subject_id) WHERE decided_at IS NULL;

-- How the society stood at the end of each day, as counted then: for pictures over time, and for a first page that counts nothing.
CREATE TABLE daily_figures (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    day DATE NOT NULL,
    taken_at TIMESTAMPTZ NOT NULL,
    members BIGINT NOT NULL,
    insured BIGINT NOT NULL,
    enrolled BIGINT NOT NULL,
    waiting BIGINT NOT NULL,
    stopped BIGINT NOT NULL,
    locked BIGINT NOT NULL,
    never_logged_in BIGINT NOT NULL,
    with_passkey BIGINT NOT NULL,
    with_app BIGINT NOT NULL,
    with_email BIGINT NOT NULL,
    PRIMARY KEY (society_id, day)
);

CREATE INDEX mails_failed ON mails (society_id, failed_at) WHERE failed_at IS NOT NULL;
