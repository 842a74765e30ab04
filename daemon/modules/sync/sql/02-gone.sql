-- How far we know which versions it has removed.
ALTER TABLE sync_peers ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
