-- A withdrawal is ordered, and done by a worker; the rows that a withdrawn batch brought go in portions.

-- Who wants the batch withdrawn, for the record, as JSON; none where nobody does, or it is done.
ALTER TABLE import_batches ADD COLUMN withdraw_acting TEXT;
-- Why the last withdrawal that was ordered was not done, in words for staff.
ALTER TABLE import_batches ADD COLUMN withdraw_trouble TEXT;
-- What a withdrawal left: accounts that were in use.
ALTER TABLE import_batches ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
-- Whether rows of the withdrawn batch may still be there. Nobody sees them.
ALTER TABLE import_batches ADD COLUMN clearing INTEGER NOT NULL DEFAULT 0 CHECK (clearing IN (0, 1));

CREATE INDEX import_batches_to_withdraw ON import_batches (society_id, batch_id) WHERE withdraw_acting IS NOT NULL;
CREATE INDEX import_batches_to_clear ON import_batches (society_id, batch_id) WHERE clearing;

-- A member may only go with all their rows: without it, that would be asked of every row.
CREATE INDEX expenses_member ON expenses (society_id, member_id);
