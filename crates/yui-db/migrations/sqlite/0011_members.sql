-- What staff find a person by, what hides a person's expenses, and what an account was before it was stopped.

-- Folded pieces of names, numbers and addresses: a person is found by every piece that begins with what is typed. They are
-- made from members and coverages (no foreign keys: a key costs as much as its row), and nothing else is in them.
CREATE TABLE member_search_keys (
    society_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    member_id INTEGER NOT NULL,
    PRIMARY KEY (society_id, key, member_id)
) STRICT, WITHOUT ROWID;

-- Societies whose members were there before the keys: those from this number on have none yet.
CREATE TABLE member_search_backfill (
    society_id INTEGER NOT NULL PRIMARY KEY REFERENCES societies (society_id),
    next_member_id INTEGER NOT NULL
) STRICT;
INSERT INTO member_search_backfill (society_id, next_member_id) SELECT society_id, 0 FROM societies;

-- Since when a person's expenses are kept from the household's account, and why.
CREATE TABLE member_flags (
    society_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    -- 'objection': the person does not want the insured person to see them; 'non_disclosure': nothing of the person may be told.
    kind TEXT NOT NULL CHECK (kind IN ('objection', 'non_disclosure')),
    flag_number INTEGER NOT NULL,
    set_at TEXT NOT NULL,
    set_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    ended_at TEXT,
    ended_by TEXT,
    end_reason TEXT,
    PRIMARY KEY (society_id, member_id, kind, flag_number),
    FOREIGN KEY (society_id, member_id) REFERENCES members (society_id, member_id)
) STRICT;

CREATE UNIQUE INDEX member_flags_open ON member_flags (society_id, member_id, kind) WHERE ended_at IS NULL;

-- What the account was before it was stopped.
ALTER TABLE accounts ADD COLUMN stopped_from TEXT CHECK (stopped_from IN ('temporary', 'enrolled'));

CREATE INDEX accounts_locked ON accounts (society_id, account_id) WHERE locked_at IS NOT NULL;
CREATE INDEX accounts_state ON accounts (society_id, state, account_id);
