-- What operators do. None of it is written by a run.
-- Times are Unix milliseconds.

-- Who did what. A row is written before anything is done, and its outcome after.
CREATE TABLE audit (
  at_ms INTEGER NOT NULL,
  id TEXT NOT NULL,
  operator TEXT NOT NULL,
  action TEXT NOT NULL,               -- look, redeliver, give_up, reset_window, redeliver_many, sign_in
  target TEXT,                        -- a run id, a user key, the id of a bulk redelivery; NULL: a sign-in
  detail TEXT,
  outcome TEXT,                       -- done, refused, failed; NULL: nobody knows
  PRIMARY KEY (at_ms, id)
) STRICT, WITHOUT ROWID;

-- Redeliveries of many dead letters, and how far each is.
CREATE TABLE redeliveries (
  id TEXT PRIMARY KEY,
  operator TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  filter TEXT NOT NULL,               -- JSON of RedeliveryFilter (src/console/views.ts)
  status TEXT NOT NULL,               -- running, finished
  position TEXT,                      -- the last letter that was looked at; NULL: none yet
  holder TEXT,                        -- names the consumer that works on it; NULL: nobody does
  moved_at_ms INTEGER NOT NULL,       -- one that has not moved for a while is sent round again
  examined INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  skipped INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX redeliveries_running ON redeliveries (moved_at_ms) WHERE status = 'running';
