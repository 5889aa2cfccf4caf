-- Files that came in, and what became of their rows.

CREATE TABLE import_batches (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    batch_id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('register', 'expenses')),
    format TEXT COLLATE "C" NOT NULL CHECK (format IN ('csv', 'claims')),
    file_name TEXT NOT NULL,
    content_hash BYTEA NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('reading', 'staged', 'published', 'withdrawn')),
    -- Records of the file that are done, in file order: where a stopped import goes on.
    position BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    unmatched BIGINT NOT NULL,
    -- Rows whose claim an earlier batch has too.
    corrections BIGINT NOT NULL,
    -- Which of two versions of a claim is newer. A file that was withdrawn and comes again keeps its place.
    version_order BIGINT NOT NULL,
    first_month INTEGER,
    last_month INTEGER,
    imported_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    published_at TIMESTAMPTZ,
    withdrawn_at TIMESTAMPTZ,
    PRIMARY KEY (society_id, batch_id)
);

-- The same file twice changes nothing, unless the first was withdrawn.
CREATE UNIQUE INDEX import_batches_content_hash ON import_batches (society_id, kind, content_hash)
    WHERE state <> 'withdrawn';

CREATE TABLE import_faults (
    society_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    fault_number BIGINT NOT NULL,
    -- 'rejected': the row is wrong; 'unmatched': nobody in the register is meant by it.
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('rejected', 'unmatched')),
    line BIGINT NOT NULL,
    column_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (society_id, batch_id, fault_number),
    FOREIGN KEY (society_id, batch_id) REFERENCES import_batches (society_id, batch_id)
);

-- What a register import changed: the rows as they were before (NULL: there was none) and after.
CREATE TABLE register_changes (
    society_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    change_number BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    before_state TEXT,
    after_state TEXT NOT NULL,
    PRIMARY KEY (society_id, batch_id, change_number),
    FOREIGN KEY (society_id, batch_id) REFERENCES import_batches (society_id, batch_id)
);

CREATE INDEX register_changes_member ON register_changes (society_id, member_id, batch_id);
