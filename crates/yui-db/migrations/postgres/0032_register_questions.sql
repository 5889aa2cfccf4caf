-- Rows of register files that may mean somebody who is known under other numbers: they wait until staff say whether it is the same person.
CREATE TABLE register_questions (
    society_id BIGINT NOT NULL,
    question_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    -- insurer number, symbol and number of the row, folded for comparison
    holder_key TEXT NOT NULL,
    -- What rows that ask the same have in common.
    row_key TEXT NOT NULL,
    -- The row, as JSON.
    row_state TEXT NOT NULL,
    -- The members whom it may mean, as a JSON list; empty where it waits for the insured person of its family.
    candidates TEXT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    -- The batch that has what an answer changed; none while it is open.
    answered_in BIGINT,
    PRIMARY KEY (society_id, question_id),
    UNIQUE (society_id, row_key),
    FOREIGN KEY (society_id, batch_id) REFERENCES import_batches (society_id, batch_id)
);

CREATE INDEX register_questions_batch ON register_questions (society_id, batch_id);
CREATE INDEX register_questions_holder ON register_questions (society_id, holder_key);

-- What staff should look at in a batch though it was taken.
CREATE TABLE import_notices (
    society_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    notice_number BIGINT NOT NULL,
    line BIGINT NOT NULL,
    column_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (society_id, batch_id, notice_number),
    FOREIGN KEY (society_id, batch_id) REFERENCES import_batches (society_id, batch_id)
);

-- The name of the list of changes that a check found, in the folder of files.
ALTER TABLE import_uploads ADD COLUMN changes_name TEXT;

-- A register may come again as it was before: what another one changed meanwhile is changed back.
DROP INDEX import_batches_content_hash;
CREATE UNIQUE INDEX import_batches_content_hash ON import_batches (society_id, kind, content_hash)
    WHERE state <> 'withdrawn' AND kind <> 'register';
CREATE UNIQUE INDEX import_batches_register_hash ON import_batches (society_id, content_hash)
    WHERE state = 'reading' AND kind = 'register';

-- Leading zeros of 記号 and 番号 do not count any more when numbers are compared.
UPDATE coverages SET holder_key = regexp_replace(holder_key, ':0+(?=[^:])', ':', 'g') WHERE holder_key LIKE '%:0%';

-- Members have one more search key: by birth date, sex and the end of their name.
DELETE FROM member_search_backfill;
INSERT INTO member_search_backfill (society_id, next_member_id) SELECT society_id, 0 FROM societies;

-- A register's rows are read by family now: what is half read is read anew. Its rows change nothing that is there.
DELETE FROM import_faults
WHERE EXISTS (SELECT 1 FROM import_batches b
              WHERE b.society_id = import_faults.society_id AND b.batch_id = import_faults.batch_id
                  AND b.kind = 'register' AND b.state = 'reading');
UPDATE import_batches SET position = 0, accepted = 0, rejected = 0, unmatched = 0, details = '{}'
WHERE kind = 'register' AND state = 'reading';
