// What the platform publishes as its limits, and what we measured or assume where it publishes none.

export const LIMITS = {
  messagesASecondAQueue: 5_000,
  /** One object; about 400 when each call waits for a write, as others measured on the platform. */
  requestsASecondAnObject: 1_000,
  writingCallsASecondAnObject: 400,
  bytesAnObject: 10e9,
} as const;

/** A database has one writer. A gate tells it a row or two at a time, 5 ms each. */
export const ASSUMED_INDEX_WRITES_A_SECOND = 200;

/** `npm run bench:growth`: a full run's row, charge and answer as long as each is there, and a row that is open. */
export const MEASURED_BYTES = {
  endedRun: 1_420,
  charge: 100,
  answer: 510,
  openRun: 1_030,
} as const;

export const ASSUMED_BYTES = {
  /** An answer in KV. */
  kvAnswer: 600,
  /** A result that could not be delivered at once. */
  body: 2_000,
} as const;
