// What each kind of run uses. test/bench/counted.test.ts runs the real gateway, counts every billed operation and compares
// the counts with these, so the bill (bench/scale/bill.ts) is made of numbers that cannot go stale.

export type Counts = Readonly<Record<string, number>>;

export type Counted = {
  /** Of the Worker: HTTP requests and batches of the queue's consumer. */
  requests: number;
  /** The Worker's calls of its bindings, by name; those of KV are under `kv`. */
  calls: Counts;
  /** Of the user's gate. */
  alarms: number;
  /** Written, by statement; each alarm that is set and each index entry is one. */
  gateRows: Counts;
  /** The same, of the object that keeps a receiver's circuit breaker. */
  breakerRows: Counts;
  /** Of the Worker and the gate together. */
  kv: Counts;
  messages: number;
  d1Rows: number;
  logLines: number;
  points: number;
};

const NOTHING = { calls: {}, alarms: 0, gateRows: {}, breakerRows: {}, kv: {}, messages: 0, d1Rows: 0 };

/** Of so many requests, each with a log line and a metric point. */
function ofRequests(count: number, counted: Partial<Counted>): Counted {
  return { ...NOTHING, requests: count, logLines: count, points: count, ...counted };
}

const START = { "FLAGS.getBooleanDetails": 1, "UPSTREAM.fetch": 1, "USER_GATE.admit": 1 };
const START_WITH_ID = { ...START, "USER_GATE.settle": 1 };

export const PLAIN = ofRequests(1, { calls: START, gateRows: { "put windows": 1 } });

/** Ten at once. */
export const PLAIN_BUSY = ofRequests(10, { calls: timesTen(START), gateRows: { "put windows": 2 } });

export const IDEMPOTENT = ofRequests(1, {
  calls: START_WITH_ID,
  gateRows: { "INSERT INTO answers_*": 2, "put windows": 1 },
  kv: { "KV.put": 1 },
});

/** Ten at once. */
export const IDEMPOTENT_BUSY = ofRequests(10, {
  calls: timesTen(START_WITH_ID),
  gateRows: { "INSERT INTO answers_*": 20, "put windows": 2 },
  kv: { "KV.put": 10 },
});

const END = { "RUNS.send": 1, "UPSTREAM.fetch": 2, "USER_GATE.report": 1, "USER_GATE.take": 1 };
const FULL_CALLS = { ...START_WITH_ID, ...END };
const FULL_ROWS = {
  "DELETE FROM open_runs": 1,
  "INSERT INTO answers_*": 1,
  "INSERT INTO charges_*": 1,
  "INSERT INTO ended_runs_*": 2,
  "INSERT INTO open_runs": 1,
  "UPDATE open_runs SET": 1,
};

/** With an id, a callback and a charge; its end is pushed. KV is read for the paused hosts, once in half a minute. The alarm is the one for the poll that was not needed. */
export const FULL = ofRequests(3, {
  calls: FULL_CALLS,
  alarms: 1,
  gateRows: { ...FULL_ROWS, setAlarm: 2 },
  kv: { "KV.get": 1, "KV.put": 1 },
  messages: 1,
});

/** Ten within a second; the flag was asked once for all of them. */
export const FULL_BUSY = ofRequests(30, {
  calls: { ...timesTen(FULL_CALLS), "FLAGS.getBooleanDetails": 1 },
  alarms: 1,
  gateRows: { ...timesTen(FULL_ROWS), setAlarm: 2 },
  kv: { "KV.get": 1, "KV.put": 10 },
  messages: 10,
});

/** Full, but nothing is pushed: four polls find it waiting, the fifth finds its end. */
export const POLLED = ofRequests(2, {
  requests: 6,
  calls: { ...START_WITH_ID, "UPSTREAM.fetch": 6, "USER_GATE.report": 5, "USER_GATE.take": 5 },
  alarms: 6,
  gateRows: { ...FULL_ROWS, setAlarm: 11 },
  kv: { "KV.get": 2, "KV.put": 1 },
  messages: 5,
});

/** Full, but its receiver fails ten times, on four days. */
export const FAILED = ofRequests(12, {
  calls: {
    ...FULL_CALLS,
    "DESTINATION_BREAKER.alarm": 9,
    "DESTINATION_BREAKER.acquire": 9,
    "DESTINATION_BREAKER.report": 10,
    "USER_GATE.report": 10,
    "USER_GATE.take": 10,
  },
  alarms: 20,
  gateRows: {
    ...FULL_ROWS,
    "DELETE FROM outbox": 2,
    // A dead letter has an index entry of its own.
    "INSERT INTO ended_runs_*": 3,
    // Each with the number that is never used again.
    "INSERT INTO outbox": 4,
    "UPDATE open_runs SET": 10,
    "put active_day": 1,
    "put dead_letters": 1,
    setAlarm: 22,
  },
  breakerRows: { "put *": 10, "put all": 10, setAlarm: 9 },
  kv: { "KV.get": 18, "KV.put": 2 },
  messages: 10,
  d1Rows: 3,
});

/** Asked for by the caller, of a run that had been delivered; it counts as a start. */
export const REDELIVERED = ofRequests(2, {
  calls: {
    "DESTINATION_BREAKER.alarm": 1,
    "DESTINATION_BREAKER.acquire": 1,
    "DESTINATION_BREAKER.report": 1,
    "FLAGS.getBooleanDetails": 1,
    "UPSTREAM.fetch": 1,
    "USER_GATE.countRead": 1,
    "USER_GATE.findRun": 1,
    "USER_GATE.redeliver": 1,
    "USER_GATE.report": 1,
    "USER_GATE.take": 1,
  },
  alarms: 2,
  gateRows: {
    "DELETE FROM ended_runs_*": 1,
    "DELETE FROM open_runs": 1,
    "INSERT INTO ended_runs_*": 2,
    "INSERT INTO open_runs": 1,
    "put windows": 1,
    setAlarm: 3,
  },
  breakerRows: { "put *": 1, "put all": 1, setAlarm: 1 },
  kv: { "KV.get": 1 },
  messages: 1,
});

/** One full run, and what its gate writes on a day: the day's table of answers, and the day for the operators' index. */
export const LATER_DAY: Counted = {
  ...FULL,
  alarms: 2,
  gateRows: {
    ...FULL_ROWS,
    "CREATE TABLE answers_*": 2,
    "DELETE FROM outbox": 1,
    "INSERT INTO outbox": 2,
    "put active_day": 1,
    setAlarm: 3,
  },
  d1Rows: 1,
};

/** The same when the gate is new: all of its tables, its place in the registry. `CREATE TABLE IF`: the outbox. */
export const FIRST_DAY: Counted = {
  ...LATER_DAY,
  gateRows: {
    ...LATER_DAY.gateRows,
    "CREATE TABLE IF": 4,
    "CREATE TABLE billings_*": 3,
    "CREATE TABLE charges_*": 2,
    "CREATE TABLE ended_runs_*": 4,
    "CREATE TABLE open_runs": 2,
    "INSERT INTO billings_*": 2,
    "put epoch": 1,
    "put registered_at_ms": 1,
    "put user": 1,
    setAlarm: 4,
  },
  kv: { "KV.get": 1, "KV.put": 2 },
};

function timesTen(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, 10 * count]));
}
