-- The last day on which an objection or non-disclosure is in force; none where it has no such day.
ALTER TABLE member_flags ADD COLUMN until_date DATE;
