-- Forms that reached the portal after their sender's session, or its proof, had run out: one for each account or member of staff. The
-- browser that sent it holds the token, and its owner sends it on after the next login.
CREATE TABLE kept_forms (
    society_id BIGINT NOT NULL,
    -- Whose it is: the other one is 0.
    account_id BIGINT NOT NULL,
    staff_id BIGINT NOT NULL,
    -- SHA-256 of the token in the cookie.
    token_hash BYTEA NOT NULL,
    -- Where the form was sent to.
    path TEXT NOT NULL,
    -- Its fields in their order, as JSON.
    sealed_fields BYTEA NOT NULL,
    kept_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, account_id, staff_id),
    FOREIGN KEY (society_id) REFERENCES societies (society_id)
);
