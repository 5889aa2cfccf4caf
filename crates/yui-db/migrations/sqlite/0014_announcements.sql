-- What staff ordered about the announcements of the renewed portal: a worker writes them, or takes back those that wait.
CREATE TABLE announcement_orders (
    society_id INTEGER NOT NULL REFERENCES societies (society_id),
    order_id INTEGER NOT NULL,
    act TEXT NOT NULL CHECK (act IN ('send', 'take_back')),
    -- When the mails are due, and the end of the ways in where that is not to stay the import's.
    due_at TEXT,
    ends_at TEXT,
    ordered_by INTEGER NOT NULL,
    ordered_at TEXT NOT NULL,
    ordered_from TEXT NOT NULL,
    -- A worker has it until then; if it was killed, another goes on. The worker that took it last is the one that may go on.
    taken_until TEXT,
    tries INTEGER NOT NULL,
    -- When it failed last; it is tried again.
    trouble_at TEXT,
    -- The account up to which it is done.
    done_through INTEGER NOT NULL,
    -- Mails written (of them, in the place of one for another time), left as they are, taken back.
    written INTEGER NOT NULL,
    moved INTEGER NOT NULL,
    as_before INTEGER NOT NULL,
    taken_back INTEGER NOT NULL,
    done_at TEXT,
    -- When a newer order took its place before it was done.
    stopped_at TEXT,
    PRIMARY KEY (society_id, order_id),
    FOREIGN KEY (society_id, ordered_by) REFERENCES staff (society_id, staff_id)
) STRICT;

CREATE UNIQUE INDEX announcement_orders_open ON announcement_orders (society_id) WHERE done_at IS NULL AND stopped_at IS NULL;
