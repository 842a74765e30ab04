-- The networks that this machine knows: at most one of them is the one it is in.
CREATE TABLE mesh_networks (
  id          TEXT    NOT NULL PRIMARY KEY,  -- 16 hexadecimal digits of SHA-256 of the key
  name        TEXT    NOT NULL,              -- UTF-8, 1..128 bytes
  sealed_key  BLOB    NOT NULL,              -- 32 bytes in a box under the master key, bound to the id
  bootstrap   TEXT    NOT NULL,              -- multiaddresses, one a line
  created_ms  INTEGER NOT NULL,              -- Unix milliseconds, UTC
  state       INTEGER NOT NULL,              -- 0 saved, 1 the active one but offline, 2 the active one
  rotated_ms  INTEGER,                       -- when its key was changed last
  rotated_by  TEXT,                          -- the node that did it
  absent      TEXT                           -- nodes that did not get the new key, one a line
) STRICT;

CREATE UNIQUE INDEX mesh_networks_active ON mesh_networks (state > 0) WHERE state > 0;

-- Nodes of a network that were seen, with what they last said of themselves.
CREATE TABLE mesh_nodes (
  network_id  TEXT    NOT NULL,
  peer_id     TEXT    NOT NULL,
  record      BLOB    NOT NULL,              -- hello record as it was signed
  heard_ms    INTEGER NOT NULL,              -- Unix milliseconds, UTC
  PRIMARY KEY (network_id, peer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE mesh_speedtests (
  peer_id     TEXT    NOT NULL,
  ts_ms       INTEGER NOT NULL,              -- Unix milliseconds, UTC
  rtt_us      INTEGER NOT NULL,
  jitter_us   INTEGER NOT NULL,
  up          INTEGER NOT NULL,              -- bytes a second
  down        INTEGER NOT NULL,              -- bytes a second
  carrier     TEXT    NOT NULL,
  PRIMARY KEY (peer_id, ts_ms)
) STRICT, WITHOUT ROWID;

-- Who may be in a network with us. One row with an empty peer id has the mode.
CREATE TABLE mesh_acl (
  peer_id     TEXT    NOT NULL PRIMARY KEY,
  mode        TEXT                           -- open, allow or deny
) STRICT, WITHOUT ROWID;
