CREATE TABLE folders (
  id             INTEGER NOT NULL PRIMARY KEY,
  vault_id       TEXT    NOT NULL UNIQUE,
  path           TEXT    NOT NULL UNIQUE,     -- absolute, without links
  created_ms     INTEGER NOT NULL,            -- Unix milliseconds, UTC
  device         INTEGER NOT NULL,            -- of the file system that it was on last
  guard_percent  INTEGER NOT NULL,            -- of its files: more changes at once are held
  guard_files    INTEGER NOT NULL,            -- in any case
  paused         INTEGER NOT NULL DEFAULT 0,  -- 0, 1
  guard          TEXT    NOT NULL DEFAULT 'open',  -- 'open'; 'held': changes wait; 'undo': they are being undone
  held_ms        INTEGER NOT NULL DEFAULT 0   -- since when
) STRICT;

-- How a file was when folder and vault were the same.
CREATE TABLE folder_files (
  folder        INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
  path          TEXT    NOT NULL,  -- below the folder, without a slash before it
  file_id       TEXT    NOT NULL,  -- of the vault's file
  content_hash  TEXT    NOT NULL,
  size          INTEGER NOT NULL,
  mtime_ms      INTEGER NOT NULL,
  changed_ms    INTEGER NOT NULL,
  host_size     INTEGER NOT NULL,  -- of the folder's file
  mtime_ns      INTEGER NOT NULL,
  inode         INTEGER NOT NULL,
  mode          INTEGER NOT NULL,  -- permission bits
  PRIMARY KEY (folder, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX folder_files_by_id ON folder_files (folder, file_id);
