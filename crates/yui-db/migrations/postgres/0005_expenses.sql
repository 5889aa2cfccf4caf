-- One row: one provider, one patient, one month, as one batch told it.

CREATE TABLE expenses (
    society_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    treatment_month INTEGER NOT NULL CHECK (treatment_month BETWEEN 190001 AND 299912),
    -- What identifies the claim over its corrections: its first bytes, then a hash of all of it.
    claim_key BYTEA NOT NULL,
    batch_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    provider_code TEXT COLLATE "C",
    provider_name TEXT NOT NULL,
    care_kind TEXT COLLATE "C" NOT NULL,
    days INTEGER,
    total BIGINT NOT NULL,
    insurer_share BIGINT NOT NULL,
    public_share BIGINT NOT NULL,
    self_pay BIGINT NOT NULL,
    -- Whether a rule of ours made the shares because the source does not state them.
    derived BOOLEAN NOT NULL,
    note TEXT NOT NULL,
    -- The claim was taken back: the row supersedes and is never shown.
    cancelled BOOLEAN NOT NULL,
    -- The published batch that brought the next version of this claim.
    superseded_by BIGINT,
    PRIMARY KEY (society_id, claim_key, batch_id),
    CHECK (total = insurer_share + public_share + self_pay),
    FOREIGN KEY (society_id, batch_id) REFERENCES import_batches (society_id, batch_id),
    FOREIGN KEY (society_id, member_id) REFERENCES members (society_id, member_id),
    FOREIGN KEY (society_id, household_id) REFERENCES households (society_id, household_id)
);

CREATE INDEX expenses_household ON expenses (society_id, household_id, treatment_month);
CREATE INDEX expenses_batch ON expenses (society_id, batch_id);
