// What one run uses, as the counting tests have it: they compare what they count with these lists, and the bill is
// made of them. Each string of a gate's rows ends in how many they are.

export const PLAIN = {
  calls: ["FLAGS.getBooleanValue", "UPSTREAM.fetch", "USER_GATE.admit"],
  /** One write for all of a user's runs within 200 ms. */
  gateRows: ["put windows 1"],
} as const;

const WITH_ID = [
  "FLAGS.getBooleanValue",
  "KV.get",
  "KV.put",
  "UPSTREAM.fetch",
  "USER_GATE.admit",
  "USER_GATE.settle",
] as const;

export const IDEMPOTENT = {
  calls: WITH_ID,
  gateRows: ["INSERT INTO runs 1", "setAlarm 1", "INSERT INTO runs 1", "DELETE FROM runs 1"],
} as const;

/** With a callback; no id, no charge. */
export const CALLBACK = {
  gateCalls: ["USER_GATE.admit", "USER_GATE.report", "USER_GATE.settle", "USER_GATE.take"],
  gateRows: ["INSERT INTO runs 1", "setAlarm 1", "INSERT INTO runs 1", "DELETE FROM runs 1"],
  ledgerRows: 4,
  /** When retention takes it: deletes are writes, though not of index entries. */
  removedRows: 2,
} as const;

/** With an id, a callback and a charge; its end is pushed. */
export const FULL = {
  startCalls: WITH_ID,
  endCalls: ["LEDGER.batch", "RUNS.send", "UPSTREAM.fetch", "USER_GATE.report", "USER_GATE.take"],
  alarms: 1,
  messages: 1,
  gateRows: [
    "INSERT INTO runs 1",
    "setAlarm 1",
    "INSERT INTO runs 1",
    "INSERT INTO runs 1",
    "setAlarm 1",
    "DELETE FROM runs 1",
  ],
  ledgerRows: 5,
  removedRows: 3,
} as const;
