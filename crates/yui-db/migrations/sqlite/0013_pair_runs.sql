-- Pairs that staff had issued together: on paper once, as a file for the printing house once, each taken by somebody with a name.
CREATE TABLE pair_runs (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    run_id INTEGER NOT NULL,
    -- Who gets a pair: who never had one, whose first way in has died, who got one in an earlier run, or only those whose pairs
    -- wait already.
    whom TEXT NOT NULL CHECK (whom IN ('without', 'expired', 'again', 'waiting')),
    -- The earlier run.
    again_of INTEGER,
    ordered_by INTEGER NOT NULL,
    ordered_at TEXT NOT NULL,
    ordered_from TEXT NOT NULL,
    -- A worker has it until then; if it was killed, another goes on.
    taken_until TEXT,
    -- When making them failed last; it is tried again.
    trouble_at TEXT,
    ready_at TEXT,
    pairs INTEGER NOT NULL,
    cards_by TEXT,
    cards_at TEXT,
    list_by TEXT,
    list_at TEXT,
    -- When its passwords were forgotten.
    forgotten_at TEXT,
    PRIMARY KEY (society_id, run_id),
    FOREIGN KEY (society_id, ordered_by) REFERENCES staff (society_id, staff_id)
) STRICT;

CREATE UNIQUE INDEX pair_runs_open ON pair_runs (society_id) WHERE ready_at IS NULL;

ALTER TABLE issued_pairs ADD COLUMN run_id INTEGER;
