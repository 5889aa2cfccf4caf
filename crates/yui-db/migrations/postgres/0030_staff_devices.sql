-- Browsers in which a member of staff has logged in with both factors: a stranger's wrong passwords do not hold them up.
CREATE TABLE staff_devices (
    society_id BIGINT NOT NULL,
    -- SHA-256 of the token in the cookie.
    token_hash BYTEA NOT NULL,
    staff_id BIGINT NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (society_id, token_hash, staff_id),
    FOREIGN KEY (society_id, staff_id) REFERENCES staff (society_id, staff_id)
);

CREATE INDEX staff_devices_staff ON staff_devices (society_id, staff_id);

-- The known browser that a login was begun in, of which an account has one at a time; none elsewhere.
ALTER TABLE logins ADD COLUMN device BYTEA;
