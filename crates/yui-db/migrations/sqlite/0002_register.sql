-- Who is covered, from when to when. Identity is ours; symbol and number change over a life.

CREATE TABLE households (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    household_id INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (society_id, household_id)
) STRICT;

CREATE TABLE members (
    society_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    -- The society's own lasting key of the person, where it has one.
    person_key TEXT,
    name TEXT NOT NULL,
    kana TEXT NOT NULL,
    sex TEXT NOT NULL CHECK (sex IN ('male', 'female')),
    birth_date TEXT NOT NULL CHECK (birth_date GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
    email TEXT,
    PRIMARY KEY (society_id, member_id),
    UNIQUE (society_id, person_key),
    FOREIGN KEY (society_id) REFERENCES societies (society_id)
) STRICT;

CREATE TABLE coverages (
    society_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    from_date TEXT NOT NULL CHECK (from_date GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
    -- The first day without it; none while it lasts.
    to_date TEXT CHECK (to_date GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
    household_id INTEGER NOT NULL,
    insurer_number TEXT NOT NULL,
    symbol TEXT NOT NULL,
    number TEXT NOT NULL,
    branch TEXT,
    relationship TEXT NOT NULL CHECK (relationship IN ('insured', 'dependent')),
    -- insurer number, symbol and number, folded for comparison
    holder_key TEXT NOT NULL,
    PRIMARY KEY (society_id, member_id, from_date),
    FOREIGN KEY (society_id, member_id) REFERENCES members (society_id, member_id),
    FOREIGN KEY (society_id, household_id) REFERENCES households (society_id, household_id)
) STRICT;

CREATE INDEX coverages_holder ON coverages (society_id, holder_key);
CREATE INDEX coverages_household ON coverages (society_id, household_id);
