-- A mail knows until when it is of use, and what was given up is read page by page, the newest first.

-- From then on the link or code in it is dead; nothing where there is none, or none that time alone ends.
ALTER TABLE mails ADD COLUMN ends_at TIMESTAMPTZ;

DROP INDEX mails_failed;
CREATE INDEX mails_failed ON mails (society_id, failed_at, mail_id) WHERE failed_at IS NOT NULL;
