-- The month up to which everything has arrived, as the society says with a publication.
ALTER TABLE import_batches ADD COLUMN through_month INTEGER;

-- Until now the newest month of any published batch counted. Of what is there, a month counts with at least a quarter of the rows of
-- the society's fullest month: a few early rows are not a month.
CREATE TABLE months_filled AS
SELECT e.society_id, e.treatment_month, COUNT(*) AS claims
FROM expenses e
JOIN import_batches b ON b.society_id = e.society_id AND b.batch_id = e.batch_id
WHERE (b.state = 'published' OR b.publish_at IS NOT NULL) AND e.superseded_by IS NULL
GROUP BY e.society_id, e.treatment_month;

UPDATE import_batches
SET through_month = (
    SELECT MAX(filled.treatment_month) FROM months_filled filled
    WHERE filled.society_id = import_batches.society_id
        AND filled.treatment_month BETWEEN import_batches.first_month AND import_batches.last_month
        AND filled.claims * 4 >= (SELECT MAX(fullest.claims) FROM months_filled fullest
                                  WHERE fullest.society_id = import_batches.society_id))
WHERE kind = 'expenses' AND (state = 'published' OR publish_at IS NOT NULL);

DROP TABLE months_filled;
