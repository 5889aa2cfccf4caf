-- A register's rows are read in another order than before: what is half read is read anew. Its rows change nothing that is there.
DELETE FROM import_faults
WHERE EXISTS (SELECT 1 FROM import_batches b
              WHERE b.society_id = import_faults.society_id AND b.batch_id = import_faults.batch_id
                  AND b.kind = 'register' AND b.state = 'reading');
UPDATE import_batches SET position = 0, accepted = 0, rejected = 0, unmatched = 0
WHERE kind = 'register' AND state = 'reading';
