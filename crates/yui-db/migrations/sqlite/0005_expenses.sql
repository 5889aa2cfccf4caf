-- One row: one provider, one patient, one month, as one batch told it.

CREATE TABLE expenses (
    society_id INTEGER NOT NULL,
    household_id INTEGER NOT NULL,
    treatment_month INTEGER NOT NULL CHECK (treatment_month BETWEEN 190001 AND 299912),
    -- What identifies the claim over its corrections: its first bytes, then a hash of all of it.
    claim_key BLOB NOT NULL,
    batch_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    provider_code TEXT,
    provider_name TEXT NOT NULL,
    care_kind TEXT NOT NULL,
    days INTEGER,
    total INTEGER NOT NULL,
    insurer_share INTEGER NOT NULL,
    public_share INTEGER NOT NULL,
    self_pay INTEGER NOT NULL,
    -- Whether a rule of ours made the shares because the source does not state them.
    derived INTEGER NOT NULL CHECK (derived IN (0, 1)),
    note TEXT NOT NULL,
    -- The claim was taken back: the row supersedes and is never shown.
    cancelled INTEGER NOT NULL CHECK (cancelled IN (0, 1)),
    -- The published batch that brought the next version of this claim.
    superseded_by INTEGER,
    PRIMARY KEY (society_id, claim_key, batch_id),
    CHECK (total = insurer_share + public_share + self_pay),
    FOREIGN KEY (society_id, batch_id) REFERENCES import_batches (society_id, batch_id),
    FOREIGN KEY (society_id, member_id) REFERENCES members (society_id, member_id),
    FOREIGN KEY (society_id, household_id) REFERENCES households (society_id, household_id)
) STRICT;

CREATE INDEX expenses_household ON expenses (society_id, household_id, treatment_month);
CREATE INDEX expenses_batch ON expenses (society_id, batch_id);
