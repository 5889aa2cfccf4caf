-- Why staff withdrew a batch.
ALTER TABLE import_batches ADD COLUMN withdraw_reason TEXT;
