-- Pairs that staff had issued together: on paper once, as a file for the printing house once, each taken by somebody with a name.
CREATE TABLE pair_runs (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    run_id BIGINT NOT NULL,
    -- Who gets a pair: who never had one, whose first way in has died, who got one in an earlier run, or only those whose pairs
    -- wait already.
    whom TEXT COLLATE "C" NOT NULL CHECK (whom IN ('without', 'expired', 'again', 'waiting')),
    -- The earlier run.
    again_of BIGINT,
    ordered_by BIGINT NOT NULL,
    ordered_at TIMESTAMPTZ NOT NULL,
    ordered_from TEXT NOT NULL,
    -- A worker has it until then; if it was killed, another goes on.
    taken_until TIMESTAMPTZ,
    -- When making them failed last; it is tried again.
    trouble_at TIMESTAMPTZ,
    ready_at TIMESTAMPTZ,
    pairs BIGINT NOT NULL,
    cards_by TEXT,
    cards_at TIMESTAMPTZ,
    list_by TEXT,
    list_at TIMESTAMPTZ,
    -- When its passwords were forgotten.
    forgotten_at TIMESTAMPTZ,
    PRIMARY KEY (society_id, run_id),
    FOREIGN KEY (society_id, ordered_by) REFERENCES staff (society_id, staff_id)
);

CREATE UNIQUE INDEX pair_runs_open ON pair_runs (society_id) WHERE ready_at IS NULL;

ALTER TABLE issued_pairs ADD COLUMN run_id BIGINT;
