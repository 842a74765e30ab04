-- When the wanted number of copies was set, by whichever machine: of two, the later counts everywhere.
ALTER TABLE vaults ADD COLUMN copies_set_ms INTEGER NOT NULL DEFAULT 0;  -- Unix milliseconds, UTC
