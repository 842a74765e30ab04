-- How often a file came to be shown under another path than before without a change of its own.
ALTER TABLE vaults ADD COLUMN renames INTEGER NOT NULL DEFAULT 0;

-- A deletion is not shown before what it did not know of. Files for which it was come to be shown anew:
-- what is hidden counts as not known until its vault is opened.

UPDATE files SET versions = versions - (SELECT count (*) FROM versions v WHERE v.vault = files.vault
  AND v.file_id = files.file_id AND v.is_head = 1 AND v.op <> 3 AND v.path IS NOT NULL)
  WHERE live = 0 AND heads > 1;

UPDATE versions SET path = NULL WHERE is_head = 1 AND op <> 3 AND EXISTS (SELECT 1 FROM files f
  WHERE f.vault = versions.vault AND f.file_id = versions.file_id AND f.live = 0 AND f.heads > 1);
