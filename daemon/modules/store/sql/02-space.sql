-- What is in use, and what is to be freed. For an index of before, recount.c fills it in.

ALTER TABLE blocks ADD COLUMN refs INTEGER NOT NULL DEFAULT 0;    -- versions that name it; 0: to be freed

ALTER TABLE segments ADD COLUMN live INTEGER NOT NULL DEFAULT 0;  -- bytes of records in use, headers included

-- Where a record says that the version has successors which were removed; segment 0: it need not.
ALTER TABLE versions ADD COLUMN note_segment INTEGER NOT NULL DEFAULT 0;
ALTER TABLE versions ADD COLUMN note_position INTEGER NOT NULL DEFAULT 0;

-- Freed parts of segments whose bytes may still be there. A block is freed only after the records
-- of all versions that named it are gone from the disk.
CREATE TABLE holes (
  segment   INTEGER NOT NULL,
  position  INTEGER NOT NULL,  -- offset of the record's header
  size      INTEGER NOT NULL,  -- bytes, header included
  version   INTEGER NOT NULL,  -- 1: the record of a version
  PRIMARY KEY (segment, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX blocks_unused ON blocks (id) WHERE refs = 0;

-- Deleted files that have something to restore. Not "live = 0": SQLite would then look at the value in
-- every query with "live = ?", and prepare that query anew whenever the value changes.
CREATE INDEX files_trash ON files (vault, changed_ms, ref) WHERE live < 1 AND versions > heads;
