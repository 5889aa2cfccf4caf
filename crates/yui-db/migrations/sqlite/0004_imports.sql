-- Files that came in, and what became of their rows.

CREATE TABLE import_batches (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    batch_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('register', 'expenses')),
    format TEXT NOT NULL CHECK (format IN ('csv', 'claims')),
    file_name TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reading', 'staged', 'published', 'withdrawn')),
    -- Records of the file that are done, in file order: where a stopped import goes on.
    position INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    unmatched INTEGER NOT NULL,
    -- Rows whose claim an earlier batch has too.
    corrections INTEGER NOT NULL,
    -- Which of two versions of a claim is newer. A file that was withdrawn and comes again keeps its place.
    version_order INTEGER NOT NULL,
    first_month INTEGER,
    last_month INTEGER,
    imported_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    published_at TEXT,
    withdrawn_at TEXT,
    PRIMARY KEY (society_id, batch_id)
) STRICT;

-- The same file twice changes nothing, unless the first was withdrawn.
CREATE UNIQUE INDEX import_batches_content_hash ON import_batches (society_id, kind, content_hash)
    WHERE state <> 'withdrawn';

CREATE TABLE import_faults (
    society_id INTEGER NOT NULL,
    batch_id INTEGER NOT NULL,
    fault_number INTEGER NOT NULL,
    -- 'rejected': the row is wrong; 'unmatched': nobody in the register is meant by it.
    kind TEXT NOT NULL CHECK (kind IN ('rejected', 'unmatched')),
    line INTEGER NOT NULL,
    column_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (society_id, batch_id, fault_number),
    FOREIGN KEY (society_id, batch_id) REFERENCES import_batches (society_id, batch_id)
) STRICT;

-- What a register import changed: the rows as they were before (NULL: there was none) and after.
CREATE TABLE register_changes (
    society_id INTEGER NOT NULL,
    batch_id INTEGER NOT NULL,
    change_number INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    before_state TEXT,
    after_state TEXT NOT NULL,
    PRIMARY KEY (society_id, batch_id, change_number),
    FOREIGN KEY (society_id, batch_id) REFERENCES import_batches (society_id, batch_id)
) STRICT;

CREATE INDEX register_changes_member ON register_changes (society_id, member_id, batch_id);
