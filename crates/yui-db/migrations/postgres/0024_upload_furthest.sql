-- How many records of the file any try got to: only a try that gets further has made progress.
ALTER TABLE import_uploads ADD COLUMN furthest BIGINT NOT NULL DEFAULT 0;
