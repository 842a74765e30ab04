-- What lies where, so that a segment can be checked, and emptied, without looking at all others. Records
-- are appended, so both grow at their end.
CREATE INDEX blocks_by_place ON blocks (segment, position);
CREATE INDEX versions_by_place ON versions (segment, position);
