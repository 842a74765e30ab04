-- Index of the segments. Everything here can be made again from them and the keys of the vaults.

CREATE TABLE state (
  key    TEXT    NOT NULL PRIMARY KEY,  -- 'epoch'
  value  INTEGER NOT NULL
) STRICT;

CREATE TABLE segments (
  id          INTEGER NOT NULL PRIMARY KEY,  -- number of the file
  indexed_to  INTEGER NOT NULL               -- offset: all records before it are indexed or dead
) STRICT;

CREATE TABLE vaults (
  ref           INTEGER NOT NULL PRIMARY KEY,
  id            TEXT    NOT NULL UNIQUE,      -- 1..31 letters and digits
  root          INTEGER NOT NULL,             -- folders.ref of "/"
  lamport       INTEGER NOT NULL DEFAULT 0,   -- highest of its versions
  stored_bytes  INTEGER NOT NULL DEFAULT 0,   -- payloads of the blocks that it added
  forgotten     INTEGER NOT NULL DEFAULT 0    -- 1: rows are being removed
) STRICT;

CREATE TABLE blocks (
  id        BLOB    NOT NULL PRIMARY KEY,  -- SHA-256 of the sealed bytes
  vault     INTEGER NOT NULL,              -- vaults.ref of the one that added it
  segment   INTEGER NOT NULL,
  position  INTEGER NOT NULL,              -- offset of the record's header
  size      INTEGER NOT NULL,              -- sealed bytes
  bad       INTEGER NOT NULL DEFAULT 0     -- 1: found damaged; the next upload of it replaces it
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
  ref           INTEGER NOT NULL PRIMARY KEY,
  hash          BLOB    NOT NULL UNIQUE,
  vault         INTEGER NOT NULL,            -- vaults.ref
  file_id       BLOB    NOT NULL,            -- 16 bytes
  parents       BLOB    NOT NULL,            -- hashes, 32 bytes each
  author        BLOB    NOT NULL,            -- Ed25519 public key
  lamport       INTEGER NOT NULL,
  ts_ms         INTEGER NOT NULL,            -- when it was made, Unix milliseconds
  op            INTEGER NOT NULL,            -- 1 put, 2 move, 3 delete
  segment       INTEGER NOT NULL,
  position      INTEGER NOT NULL,            -- offset of the record's header
  size          INTEGER NOT NULL,            -- bytes of the record's payload
  is_head       INTEGER NOT NULL DEFAULT 1,  -- 0: another version has it as a parent
  path          TEXT,                        -- this and the rest: NULL until the key is known
  file_size     INTEGER,                     -- bytes
  mtime_ms      INTEGER,
  mime          TEXT,
  content_hash  BLOB                         -- see content.h
) STRICT;

CREATE INDEX versions_by_file ON versions (vault, file_id, lamport);
CREATE INDEX versions_heads ON versions (vault, file_id) WHERE is_head = 1;
CREATE INDEX versions_sealed ON versions (vault, ref) WHERE path IS NULL;

CREATE TABLE folders (
  ref         INTEGER NOT NULL PRIMARY KEY,
  vault       INTEGER NOT NULL,             -- vaults.ref
  parent      INTEGER NOT NULL,             -- folders.ref, 0 for the root of a vault
  name        TEXT    NOT NULL,             -- last segment of the path; the vault's id for a root
  files       INTEGER NOT NULL DEFAULT 0,   -- files anywhere below that are not deleted
  bytes       INTEGER NOT NULL DEFAULT 0,   -- their size
  changed_ms  INTEGER NOT NULL DEFAULT 0,   -- newest version anywhere below
  UNIQUE (parent, name)
) STRICT;

CREATE INDEX folders_in_use ON folders (parent, name) WHERE files > 0;
CREATE INDEX folders_by_vault ON folders (vault);

CREATE TABLE files (
  ref           INTEGER NOT NULL PRIMARY KEY,
  vault         INTEGER NOT NULL,  -- vaults.ref
  file_id       BLOB    NOT NULL,
  folder        INTEGER NOT NULL,  -- folders.ref
  name          TEXT    NOT NULL,  -- last segment of the path
  path          TEXT    NOT NULL,
  live          INTEGER NOT NULL,  -- 0: deleted
  head          INTEGER NOT NULL,  -- versions.ref of the one that is shown
  heads         INTEGER NOT NULL,  -- versions without a successor
  versions      INTEGER NOT NULL,
  size          INTEGER NOT NULL,  -- bytes
  mtime_ms      INTEGER NOT NULL,
  mime          TEXT    NOT NULL,
  content_hash  BLOB    NOT NULL,
  changed_ms    INTEGER NOT NULL,  -- when the shown version was made
  UNIQUE (vault, file_id)
) STRICT;

CREATE INDEX files_by_name ON files (folder, live, name);
CREATE INDEX files_by_path ON files (vault, live, path);
