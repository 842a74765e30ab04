-- Finding files by parts of their names. A row of names has the row number of its file; it is written
-- some time after the file, and stays when that is renamed or deleted: what is found here has to be
-- compared with the file. Kept without its text, so that it takes about 30 bytes a file.

CREATE VIRTUAL TABLE names USING fts5 (
  text,
  content = '',
  columnsize = 0,
  detail = none,
  tokenize = 'trigram case_sensitive 1'
);

-- state 'named': every file up to this row is in names, but for those in renamed.

CREATE TABLE renamed (
  ref  INTEGER NOT NULL PRIMARY KEY  -- files.ref
) STRICT;

-- Not OR IGNORE: the policy of the statement that the trigger belongs to would count instead.
CREATE TRIGGER files_renamed AFTER UPDATE OF name ON files WHEN old.name IS NOT new.name
BEGIN
  INSERT INTO renamed (ref)
  SELECT new.ref WHERE NOT EXISTS (SELECT 1 FROM renamed WHERE ref = new.ref);
END;

-- The next file may get the number of the last one that was removed.
CREATE TRIGGER files_removed AFTER DELETE ON files
WHEN old.ref > (SELECT coalesce (max (ref), 0) FROM files)
BEGIN
  UPDATE state SET value = min (value, (SELECT coalesce (max (ref), 0) FROM files))
  WHERE key = 'named';
END;
