-- Forms that reached the portal after their sender's session, or the proof of who is there, had run out: they are filled in again on the
-- page that they were sent from, for the same person in the same browser.
CREATE TABLE kept_forms (
    society_id INTEGER NOT NULL,
    form_id INTEGER NOT NULL,
    -- Whose it is: the other one is 0.
    account_id INTEGER NOT NULL,
    staff_id INTEGER NOT NULL,
    -- SHA-256 of the browser's token.
    token_hash BLOB NOT NULL,
    -- The page that it was on, and where it was sent to.
    page TEXT NOT NULL,
    path TEXT NOT NULL,
    -- Its fields in their order, as JSON.
    sealed_fields BLOB NOT NULL,
    kept_at TEXT NOT NULL,
    PRIMARY KEY (society_id, form_id),
    FOREIGN KEY (society_id) REFERENCES societies (society_id)
) STRICT;

CREATE INDEX kept_forms_owner ON kept_forms (society_id, account_id, staff_id);
