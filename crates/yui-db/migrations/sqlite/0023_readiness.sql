-- One row that is written to find out whether writing works. It is no society's.
CREATE TABLE readiness (
    probe_id INTEGER NOT NULL PRIMARY KEY,
    probed_at TEXT NOT NULL
) STRICT;
INSERT INTO readiness (probe_id, probed_at) VALUES (1, '2026-01-01T00:00:00.000000Z');
