-- Never edited after release; the next change is 02-….sql.
CREATE TABLE metrics (
  slot             INTEGER NOT NULL PRIMARY KEY,  -- minute modulo 1440: a ring of 24 hours
  ts_ms            INTEGER NOT NULL,              -- Unix milliseconds, UTC
  cpu_percent      REAL    NOT NULL,              -- of one core
  rss_bytes        INTEGER NOT NULL,
  fds              INTEGER NOT NULL,
  threads          INTEGER NOT NULL,
  bytes_in         INTEGER NOT NULL,
  bytes_out        INTEGER NOT NULL,
  requests         INTEGER NOT NULL,
  request_p95_ms   REAL    NOT NULL,
  disk_free_bytes  INTEGER NOT NULL,
  store_bytes      INTEGER NOT NULL
) STRICT;
