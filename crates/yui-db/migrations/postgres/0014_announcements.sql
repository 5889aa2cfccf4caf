-- What staff ordered about the announcements of the renewed portal: a worker writes them, or takes back those that wait.
CREATE TABLE announcement_orders (
    society_id BIGINT NOT NULL REFERENCES societies (society_id),
    order_id BIGINT NOT NULL,
    act TEXT COLLATE "C" NOT NULL CHECK (act IN ('send', 'take_back')),
    -- When the mails are due, and the end of the ways in where that is not to stay the import's.
    due_at TIMESTAMPTZ,
    ends_at TIMESTAMPTZ,
    ordered_by BIGINT NOT NULL,
    ordered_at TIMESTAMPTZ NOT NULL,
    ordered_from TEXT NOT NULL,
    -- A worker has it until then; if it was killed, another goes on. The worker that took it last is the one that may go on.
    taken_until TIMESTAMPTZ,
    tries INTEGER NOT NULL,
    -- When it failed last; it is tried again.
    trouble_at TIMESTAMPTZ,
    -- The account up to which it is done.
    done_through BIGINT NOT NULL,
    -- Mails written (of them, in the place of one for another time), left as they are, taken back.
    written BIGINT NOT NULL,
    moved BIGINT NOT NULL,
    as_before BIGINT NOT NULL,
    taken_back BIGINT NOT NULL,
    done_at TIMESTAMPTZ,
    -- When a newer order took its place before it was done.
    stopped_at TIMESTAMPTZ,
    PRIMARY KEY (society_id, order_id),
    FOREIGN KEY (society_id, ordered_by) REFERENCES staff (society_id, staff_id)
);

CREATE UNIQUE INDEX announcement_orders_open ON announcement_orders (society_id) WHERE done_at IS NULL AND stopped_at IS NULL;
