-- Whom a faulty line is about, as the file says it: 記号-番号 and name.

ALTER TABLE import_faults ADD COLUMN numbers TEXT NOT NULL DEFAULT '';
ALTER TABLE import_faults ADD COLUMN person TEXT NOT NULL DEFAULT '';
ALTER TABLE import_notices ADD COLUMN numbers TEXT NOT NULL DEFAULT '';
ALTER TABLE import_notices ADD COLUMN person TEXT NOT NULL DEFAULT '';

-- The line numbered among those of all files that came as one, by which a claim that is matched later finds its fault. Faults from
-- before this column have none; of one file it is the line.
ALTER TABLE import_faults ADD COLUMN line_among_all INTEGER;
