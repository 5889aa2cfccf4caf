-- Files that staff upload, on their way to a batch; and what a batch's publication has still to do.

CREATE TABLE import_uploads (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    upload_id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    format TEXT COLLATE "C" NOT NULL CHECK (format IN ('csv', 'claims')),
    file_name TEXT NOT NULL,
    -- Its name in the folder of files.
    stored_name TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    content_hash BYTEA NOT NULL,
    -- What the kind asked beside the file, as JSON.
    answers TEXT NOT NULL,
    all_or_nothing BOOLEAN NOT NULL,
    -- 'checking' and 'applying' are work to do; 'stopped' is work that failed and waits for somebody.
    state TEXT COLLATE "C" NOT NULL
        CHECK (state IN ('checking', 'checked', 'unreadable', 'applying', 'applied', 'refused', 'stopped', 'dropped')),
    -- How far the work is.
    bytes_done BIGINT NOT NULL,
    records_done BIGINT NOT NULL,
    -- How often somebody took the work; who took it last is the one that may go on with it.
    tries INTEGER NOT NULL,
    -- How often it was taken since anybody looked into it.
    failures INTEGER NOT NULL,
    -- Somebody has it until then; if it was killed, another takes it.
    taken_until TIMESTAMPTZ,
    -- What the check found, as JSON.
    preview TEXT,
    -- All mistakes that the check found, as a CSV in the folder of files.
    faults_name TEXT COLLATE "C",
    -- Why the work stopped.
    trouble TEXT,
    batch_id BIGINT,
    -- Who uploaded it and who had it applied, and the latter for the record, as JSON.
    uploaded_by TEXT NOT NULL,
    uploaded_at TIMESTAMPTZ NOT NULL,
    applied_by TEXT,
    applied_at TIMESTAMPTZ,
    acting TEXT NOT NULL,
    PRIMARY KEY (society_id, upload_id)
);

CREATE INDEX import_uploads_work ON import_uploads (society_id, upload_id) WHERE state IN ('checking', 'applying');
CREATE INDEX import_uploads_batch ON import_uploads (society_id, batch_id) WHERE batch_id IS NOT NULL;

-- Which kinds there are is the program's business.
ALTER TABLE import_batches DROP CONSTRAINT import_batches_kind_check;

-- What the import counted besides, as JSON: a stopped one counts on.
ALTER TABLE import_batches ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
-- When it is to be published, and who wants that, for the record, as JSON.
ALTER TABLE import_batches ADD COLUMN publish_at TIMESTAMPTZ;
ALTER TABLE import_batches ADD COLUMN publish_acting TEXT;
ALTER TABLE import_batches ADD COLUMN published_by TEXT;
ALTER TABLE import_batches ADD COLUMN withdrawn_by TEXT;
-- The account up to which members were told of the publication; none where nobody is left to be told.
ALTER TABLE import_batches ADD COLUMN told_through BIGINT;
ALTER TABLE import_batches ADD COLUMN told BIGINT NOT NULL DEFAULT 0;

CREATE INDEX import_batches_to_publish ON import_batches (society_id, publish_at) WHERE publish_at IS NOT NULL;
CREATE INDEX import_batches_to_tell ON import_batches (society_id, batch_id) WHERE told_through IS NOT NULL;
