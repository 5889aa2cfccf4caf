-- A society is the tenant: every key below begins with its id.

CREATE TABLE societies (
    society_id INTEGER NOT NULL PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

-- 06… for the members, and perhaps 63… for special retirees.
CREATE TABLE society_insurers (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    insurer_number TEXT NOT NULL UNIQUE,
    PRIMARY KEY (society_id, insurer_number)
) STRICT;

-- Versioned, so that yesterday can be explained; the newest counts.
CREATE TABLE society_policies (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    version INTEGER NOT NULL,
    policy TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    PRIMARY KEY (society_id, version)
) STRICT;

-- The key that signs the tax file; the private part is sealed.
CREATE TABLE society_signing_keys (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    version INTEGER NOT NULL,
    certificate TEXT NOT NULL,
    sealed_key BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (society_id, version)
) STRICT;

-- Where the next household, member, account and batch of a society get their ids.
CREATE TABLE counters (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    name TEXT NOT NULL,
    next_id INTEGER NOT NULL,
    PRIMARY KEY (society_id, name)
) STRICT;
