-- Who is covered, from when to when. Identity is ours; symbol and number change over a life.

CREATE TABLE households (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    household_id BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, household_id)
);

CREATE TABLE members (
    society_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    -- The society's own lasting key of the person, where it has one.
    person_key TEXT COLLATE "C",
    name TEXT NOT NULL,
    kana TEXT COLLATE "C" NOT NULL,
    sex TEXT COLLATE "C" NOT NULL CHECK (sex IN ('male', 'female')),
    birth_date DATE NOT NULL,
    email TEXT,
    PRIMARY KEY (society_id, member_id),
    CONSTRAINT members_person_key UNIQUE (society_id, person_key),
    FOREIGN KEY (society_id) REFERENCES societies (society_id)
);

CREATE TABLE coverages (
    society_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    from_date DATE NOT NULL,
    -- The first day without it; none while it lasts.
    to_date DATE,
    household_id BIGINT NOT NULL,
    insurer_number TEXT COLLATE "C" NOT NULL,
    symbol TEXT NOT NULL,
    number TEXT NOT NULL,
    branch TEXT COLLATE "C",
    relationship TEXT COLLATE "C" NOT NULL CHECK (relationship IN ('insured', 'dependent')),
    -- insurer number, symbol and number, folded for comparison
    holder_key TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (society_id, member_id, from_date),
    FOREIGN KEY (society_id, member_id) REFERENCES members (society_id, member_id),
    FOREIGN KEY (society_id, household_id) REFERENCES households (society_id, household_id)
);

CREATE INDEX coverages_holder ON coverages (society_id, holder_key);
CREATE INDEX coverages_household ON coverages (society_id, household_id);
