-- What other machines have of this index: they ask for the versions that were added after the last one
-- they know, by row number. Those numbers count for as long as the epoch is the same.

INSERT INTO state (key, value) VALUES ('sync_epoch', abs (random () % 9007199254740991));

-- The next version may get the number of the last one that was removed.
CREATE TRIGGER versions_removed AFTER DELETE ON versions
WHEN old.ref > (SELECT coalesce (max (ref), 0) FROM versions)
BEGIN
  UPDATE state SET value = abs (random () % 9007199254740991) WHERE key = 'sync_epoch';
END;

-- Blocks that versions name and that are not here, or damaged.
CREATE INDEX blocks_missing ON blocks (vault, id) WHERE bad <> 0;
