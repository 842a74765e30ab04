-- Other machines that have shown that they have the key of a vault, and how far we know their versions.
CREATE TABLE sync_peers (
  vault_id   TEXT    NOT NULL,
  peer_id    TEXT    NOT NULL,
  epoch      INTEGER NOT NULL,  -- of its index
  after      INTEGER NOT NULL,  -- its last version that we know
  own_epoch  INTEGER NOT NULL,  -- of our index then: with another one the mark counts for nothing
  proved_ms  INTEGER NOT NULL,  -- when it showed the key last, Unix milliseconds, UTC
  PRIMARY KEY (vault_id, peer_id)
) STRICT, WITHOUT ROWID;
