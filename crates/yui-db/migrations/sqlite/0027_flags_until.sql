-- The last day on which an objection or non-disclosure is in force; none where it has no such day.
ALTER TABLE member_flags ADD COLUMN until_date TEXT CHECK (until_date IS NULL OR until_date GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]');
