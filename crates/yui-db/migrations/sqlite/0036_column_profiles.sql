-- How other programs lay out the tables that come in.

CREATE TABLE column_profiles (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    profile_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The header of their files, as JSON: what can be chosen from.
    header TEXT NOT NULL,
    -- Which of their columns is which of ours, what stands in those that they do not have, and what their values mean, as JSON.
    layout TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (society_id, profile_id),
    UNIQUE (society_id, kind, name)
) STRICT;

-- The profile by which the file is read, as it was when the file came, as JSON.
ALTER TABLE import_uploads ADD COLUMN layout TEXT;
