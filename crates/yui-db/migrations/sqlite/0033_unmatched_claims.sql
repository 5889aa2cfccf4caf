-- Claims of nobody in the register: they wait until the register has the person, or staff say whom a claim means.
CREATE TABLE unmatched_claims (
    society_id INTEGER NOT NULL,
    claim_id INTEGER NOT NULL,
    -- The batch and the line that brought it.
    batch_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    claim_key BLOB NOT NULL,
    -- insurer number, symbol and number, folded for comparison
    holder_key TEXT NOT NULL,
    treatment_month INTEGER NOT NULL,
    -- The record, as JSON.
    record TEXT NOT NULL,
    -- Why nobody is meant, for staff.
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'placed', 'refused')),
    -- Of a placed claim, the batch with its expense row.
    placed_in INTEGER,
    -- How many changes the register had when the claim was last matched with it.
    tried_at INTEGER NOT NULL,
    decided_at TEXT,
    decided_by TEXT,
    decision_reason TEXT,
    PRIMARY KEY (society_id, claim_id),
    FOREIGN KEY (society_id, batch_id) REFERENCES import_batches (society_id, batch_id),
    FOREIGN KEY (society_id, placed_in) REFERENCES import_batches (society_id, batch_id)
) STRICT;

CREATE INDEX unmatched_claims_batch ON unmatched_claims (society_id, batch_id);
CREATE INDEX unmatched_claims_placed ON unmatched_claims (society_id, placed_in) WHERE placed_in IS NOT NULL;
CREATE INDEX unmatched_claims_waiting ON unmatched_claims (society_id, tried_at, claim_id) WHERE state = 'waiting';

-- What staff changed of single claims by hand; the rows are in the batch of the change.
CREATE TABLE claim_changes (
    society_id INTEGER NOT NULL,
    batch_id INTEGER NOT NULL,
    claim_key BLOB NOT NULL,
    act TEXT NOT NULL CHECK (act IN ('assigned', 'corrected', 'withdrawn')),
    reason TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (society_id, batch_id, claim_key),
    FOREIGN KEY (society_id, batch_id) REFERENCES import_batches (society_id, batch_id)
) STRICT;

-- Whether the batch has what staff changed by hand, not a file.
ALTER TABLE import_batches ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0 CHECK (by_hand IN (0, 1));

-- The month in which an electronic claim was billed, as 202501; none for rows of a CSV.
ALTER TABLE expenses ADD COLUMN billing_month INTEGER;
