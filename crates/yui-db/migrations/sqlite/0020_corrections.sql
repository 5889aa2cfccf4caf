-- Whether another batch had this claim when this row came: only of such claims there are versions to be settled.
ALTER TABLE expenses ADD COLUMN corrects INTEGER NOT NULL DEFAULT 0 CHECK (corrects IN (0, 1));
UPDATE expenses SET corrects = 1
WHERE EXISTS (SELECT 1 FROM expenses other
              WHERE other.society_id = expenses.society_id AND other.claim_key = expenses.claim_key
                  AND other.batch_id < expenses.batch_id);
CREATE INDEX expenses_corrects ON expenses (society_id, batch_id) WHERE corrects;
