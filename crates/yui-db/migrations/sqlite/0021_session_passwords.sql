-- Wrong passwords typed in a row in this session, by somebody who was to prove again who they are.
ALTER TABLE sessions ADD COLUMN wrong_passwords INTEGER NOT NULL DEFAULT 0;
