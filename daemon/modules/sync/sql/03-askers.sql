-- Machines that had this one keep blocks for them.
CREATE TABLE sync_askers (
  peer_id   TEXT    NOT NULL PRIMARY KEY,
  since_ms  INTEGER NOT NULL,  -- when the first block was taken, Unix milliseconds, UTC
  bytes     INTEGER NOT NULL   -- of all blocks that were taken for it, sealed
) STRICT, WITHOUT ROWID;
