-- Kana that programs write differently have one search key: those that hold such a kana are made again.
DELETE FROM member_search_keys WHERE key ~ '[ァィゥェォッャュョヮヵヶーヂヅヰヱヲ]';
DELETE FROM member_search_backfill;
INSERT INTO member_search_backfill (society_id, next_member_id) SELECT society_id, 0 FROM societies;
