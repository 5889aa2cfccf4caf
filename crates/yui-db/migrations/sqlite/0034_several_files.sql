-- Several files that came in as one.

-- Where each of them lies in what is stored, in the order in which they are read, as JSON; none where it is one file.
ALTER TABLE import_uploads ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';
-- Of which of them a fault is; empty where it is one file.
ALTER TABLE import_faults ADD COLUMN file_name TEXT NOT NULL DEFAULT '';
ALTER TABLE import_notices ADD COLUMN file_name TEXT NOT NULL DEFAULT '';
