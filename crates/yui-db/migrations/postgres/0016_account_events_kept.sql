-- What happened to an account is neither changed nor removed while the society has its log, which is tied to it.

CREATE FUNCTION account_events_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_heads WHERE society_id = OLD.society_id) THEN
        RAISE EXCEPTION 'account_events is append-only';
    END IF;
    RETURN CASE TG_OP WHEN 'UPDATE' THEN NEW ELSE OLD END;
END
$$;
CREATE TRIGGER account_events_kept BEFORE UPDATE OR DELETE ON account_events
    FOR EACH ROW EXECUTE FUNCTION account_events_kept();
