-- The operators' index, and what operators did. Nothing exact is kept here: every run, attempt and charge lives in its
-- user's gate. The first four tables hold what the gates report, and are filled again by them when they are lost; the others
-- have no other home. Times are Unix milliseconds.

-- Which index this is. A gate that sees another one reports everything again.
CREATE TABLE epoch (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO epoch (id) VALUES (lower(hex(randomblob(16))));

-- On which days of a month (UTC) runs of a user ended or were charged: a bit a day, the first of the month is bit 0.
CREATE TABLE active_days (
  month INTEGER NOT NULL,             -- 202611 for November 2026
  user_key TEXT NOT NULL,
  gate TEXT NOT NULL,                 -- the object's id
  days INTEGER NOT NULL,
  PRIMARY KEY (month, user_key)
) STRICT, WITHOUT ROWID;

-- Dead letters: deliveries whose attempts are over, and abandoned runs, until they are sent again. Dismissed ones stay.
CREATE TABLE dead_letters (
  run_id TEXT NOT NULL,
  gate TEXT NOT NULL,
  user_key TEXT NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  stored_action_id TEXT,              -- NULL: a one-off run
  callback_url TEXT,                  -- NULL: no callback was asked for
  host TEXT,                          -- of callback_url
  accepted_at_ms INTEGER NOT NULL,
  died_at_ms INTEGER NOT NULL,
  result TEXT,                        -- success, error; NULL: its end was not read
  attempts INTEGER NOT NULL,
  status INTEGER,                     -- of the last attempt; NULL: no answer
  reason TEXT NOT NULL,               -- in words
  dismissed INTEGER NOT NULL,         -- 1: an operator has dismissed it
  dismissed_at_ms INTEGER,
  dismissed_by TEXT,                  -- the operator
  dismissal TEXT,                     -- the operator's reason
  seq INTEGER NOT NULL,               -- of the gate's last word on it; what it said before, and comes late, is passed over
  PRIMARY KEY (run_id, gate)
) STRICT, WITHOUT ROWID;

CREATE INDEX dead_letters_by_time ON dead_letters (dismissed, died_at_ms, run_id);

-- Gates with overdue runs.
CREATE TABLE overdue_gates (
  gate TEXT PRIMARY KEY,
  user_key TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  runs INTEGER NOT NULL,
  example_run_key TEXT NOT NULL,
  reported_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX overdue_gates_by_time ON overdue_gates (since_ms);

-- Who did what. A row is written before anything is done, and its outcome after.
CREATE TABLE audit (
  at_ms INTEGER NOT NULL,
  id TEXT NOT NULL,
  operator TEXT NOT NULL,
  via TEXT NOT NULL,                  -- access, authorization, session
  action TEXT NOT NULL,               -- poll, redeliver, abandon, dismiss, reset_window, redeliver_many,
                                      -- dismiss_many, reindex, sign_in, sign_out
  target TEXT,                        -- a run id, a user key, the id of a redelivery batch; NULL: signing in or out, a reindexing
  detail TEXT,
  outcome TEXT,                       -- done, refused, failed; NULL: not known
  PRIMARY KEY (at_ms, id)
) STRICT, WITHOUT ROWID;

-- Sessions that operators have signed out of, until their tokens expire.
CREATE TABLE ended_sessions (
  token_hash TEXT PRIMARY KEY,        -- SHA-256, hexadecimal
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_sessions_by_time ON ended_sessions (expires_at_ms);

-- Redelivery batches, and how far each is. One with a dismissal dismisses its dead letters instead.
CREATE TABLE redeliveries (
  id TEXT PRIMARY KEY,
  operator TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  filter TEXT NOT NULL,               -- JSON of RedeliveryFilter (src/operators/views.ts)
  dismissal TEXT,                     -- the operator's reason; NULL: they are sent again
  status TEXT NOT NULL,               -- running, finished
  position TEXT,                      -- the last dead letter that was examined; NULL: none yet
  holder TEXT,                        -- names the consumer that works on it; NULL: none does
  moved_at_ms INTEGER NOT NULL,       -- one that has not moved for a while is sent round again
  examined INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  skipped INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX redeliveries_running ON redeliveries (moved_at_ms) WHERE status = 'running';

-- What became of the runs that a redelivery batch has sent again, once that is known. The gates report it.
CREATE TABLE redelivered_runs (
  redelivery TEXT NOT NULL,
  run_id TEXT NOT NULL,
  gate TEXT NOT NULL,
  delivered INTEGER NOT NULL,         -- 0: a dead letter again, or its receiver wants no more attempts
  PRIMARY KEY (redelivery, run_id, gate)
) STRICT, WITHOUT ROWID;
