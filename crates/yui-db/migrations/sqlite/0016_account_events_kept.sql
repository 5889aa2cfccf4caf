-- What happened to an account is neither changed nor removed while the society has its log, which is tied to it.

CREATE TRIGGER account_events_kept_from_update BEFORE UPDATE ON account_events
WHEN EXISTS (SELECT 1 FROM audit_heads WHERE society_id = OLD.society_id)
BEGIN
    SELECT RAISE(ABORT, 'account_events is append-only');
END;
CREATE TRIGGER account_events_kept_from_delete BEFORE DELETE ON account_events
WHEN EXISTS (SELECT 1 FROM audit_heads WHERE society_id = OLD.society_id)
BEGIN
    SELECT RAISE(ABORT, 'account_events is append-only');
END;
