-- The books. Every row and every index entry written is billed, so a full run (one row in each table) must stay at
-- five: runs 3 (itself and two indexes), attempts 1, charges 1. Asserted in test/ledger/budget.test.ts.
-- Times are Unix milliseconds. No foreign keys: the order of writes is nobody's promise.

CREATE TABLE runs (
  run_id TEXT PRIMARY KEY,
  user_key TEXT NOT NULL,
  stored_action_id TEXT,              -- NULL: a one-off run
  callback_url TEXT,
  intent TEXT NOT NULL,               -- what a redelivery needs; opaque here
  accepted_at_ms INTEGER NOT NULL,    -- never changes: two indexes hold it
  ended_at_ms INTEGER,
  result TEXT,                        -- success, error; NULL: not ended
  state TEXT NOT NULL,                -- waiting, retrying, delivered, dead, aborted, none
  attempts INTEGER NOT NULL,
  next_attempt_at_ms INTEGER,
  revision INTEGER NOT NULL,          -- an older one never overwrites a newer one
  charged_at_ms INTEGER               -- with user_key and run_id the key of its charge, which goes when the run goes
) STRICT, WITHOUT ROWID;

-- A user's runs by time.
CREATE INDEX runs_of_user ON runs (user_key, accepted_at_ms);
-- All runs by time, and what retention takes.
CREATE INDEX runs_by_time ON runs (accepted_at_ms);
-- What operators look for. Healthy runs are not in it and pay nothing; a query must repeat the WHERE word for word.
CREATE INDEX runs_undelivered ON runs (state, accepted_at_ms) WHERE state IN ('dead', 'retrying');

CREATE TABLE attempts (
  run_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  status INTEGER,                     -- NULL: no answer
  duration_ms INTEGER NOT NULL,
  error TEXT,                         -- in words; NULL: acknowledged
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

-- One row is one task. The key alone makes a charge happen once: charged_at_ms is the same for every try to book it.
CREATE TABLE charges (
  user_key TEXT NOT NULL,
  charged_at_ms INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  stored_action_id TEXT,
  origin TEXT NOT NULL,
  usage_type TEXT NOT NULL,
  description TEXT NOT NULL,
  exemption_reason TEXT,
  exemption_details TEXT,
  PRIMARY KEY (user_key, charged_at_ms, run_id)
) STRICT, WITHOUT ROWID;
