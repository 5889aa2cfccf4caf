-- A society's own colour and sign, versioned; the newest counts.
CREATE TABLE society_branding (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    version BIGINT NOT NULL,
    -- As in '#00695c', for light pages; none: Yui's own.
    accent TEXT COLLATE "C",
    -- A PNG; none: the society's initial stands there.
    logo BYTEA,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, version)
);
