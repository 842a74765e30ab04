-- Files whose content in the vault the folder has replaced or deleted within the last hour: what the guard counts.
CREATE TABLE folder_changes (
  folder   INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
  path     TEXT    NOT NULL,  -- below the folder, without a slash before it
  when_ms  INTEGER NOT NULL,  -- the last time, Unix milliseconds
  PRIMARY KEY (folder, path)
) STRICT, WITHOUT ROWID;
