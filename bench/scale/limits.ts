// What the platform publishes as its limits, and what we measured or assume where it publishes none.

export const LIMITS = {
  messagesASecondAQueue: 5_000,
  /** One object, writing. */
  requestsASecondAnObject: 1_000,
  bytesALedger: 10e9,
  bytesOfLedgersAnAccount: 1e12,
} as const;

/** Ours: src/ledger/retention.ts removes so many each five minutes. */
export const REMOVED_A_DAY = 125_000 * 12 * 24;

export const MEASURED = {
  /** `npm run bench:growth`: one run with its charge, an attempt and all index entries. */
  bytesARun: 1_400,
  /** The same, `recordAll` of a hundred: about 50 ms while the ledger is small, on two busy cores. One writer, so twenty a second. */
  batchesASecondALedger: 20,
} as const;

export const ENTRIES_A_BATCH = 100;

export const ASSUMED_BYTES = {
  /** A gate's row with its claim, answer and promise. */
  gateRow: 1_200,
  /** An answer in KV. */
  answer: 600,
  /** A result that could not be delivered at once. */
  body: 2_000,
} as const;
