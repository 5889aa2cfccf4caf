-- A society is the tenant: every key below begins with its id.

CREATE TABLE societies (
    society_id BIGINT NOT NULL PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL CONSTRAINT societies_key UNIQUE,
    host TEXT COLLATE "C" NOT NULL CONSTRAINT societies_host UNIQUE,
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- 06… for the members, and perhaps 63… for special retirees.
CREATE TABLE society_insurers (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    insurer_number TEXT COLLATE "C" NOT NULL CONSTRAINT society_insurers_insurer_number UNIQUE,
    PRIMARY KEY (society_id, insurer_number)
);

-- Versioned, so that yesterday can be explained; the newest counts.
CREATE TABLE society_policies (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    version BIGINT NOT NULL,
    policy TEXT NOT NULL,
    valid_from TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, version)
);

-- The key that signs the tax file; the private part is sealed.
CREATE TABLE society_signing_keys (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    version BIGINT NOT NULL,
    certificate TEXT NOT NULL,
    sealed_key BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, version)
);

-- Where the next household, member, account and batch of a society get their ids.
CREATE TABLE counters (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    name TEXT COLLATE "C" NOT NULL,
    next_id BIGINT NOT NULL,
    PRIMARY KEY (society_id, name)
);
