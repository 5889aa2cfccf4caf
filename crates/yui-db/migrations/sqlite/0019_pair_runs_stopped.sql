-- A run of temporary IDs tells how far it is, and can be given up while it is made.

-- How often a worker took it: the one that took it last is the one that may go on.
ALTER TABLE pair_runs ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
-- How many pairs were wanted when it was ordered.
ALTER TABLE pair_runs ADD COLUMN wanted INTEGER NOT NULL DEFAULT 0;
-- When and by whom it was given up: what was made until then waits for the next run.
ALTER TABLE pair_runs ADD COLUMN stopped_at TEXT;
ALTER TABLE pair_runs ADD COLUMN stopped_by TEXT;

DROP INDEX pair_runs_open;
CREATE UNIQUE INDEX pair_runs_open ON pair_runs (society_id) WHERE ready_at IS NULL AND stopped_at IS NULL;
