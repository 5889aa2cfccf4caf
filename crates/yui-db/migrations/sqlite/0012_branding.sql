-- A society's own colour and sign, versioned; the newest counts.
CREATE TABLE society_branding (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    version INTEGER NOT NULL,
    -- As in '#00695c', for light pages; none: Yui's own.
    accent TEXT,
    -- A PNG; none: the society's initial stands there.
    logo BLOB,
    created_at TEXT NOT NULL,
    PRIMARY KEY (society_id, version)
) STRICT;
