// The loads that a bench can put on: how many users, and how large their bodies are.

export type Load = {
  name: string;
  /** What it is, for the page. */
  title: string;
  users: number;
  /** How many requests of one hot user there are for each one of the others. */
  hotTimes: number;
  bodyBytes: number;
  /** More at a time would be refused: an isolate of the gateway holds 16 MB of bodies. */
  maxConnections: number;
};

const SHORT = { users: 64, hotTimes: 0, bodyBytes: 0, maxConnections: Number.POSITIVE_INFINITY };
const LARGE = { users: 4, bodyBytes: 5_000_000, maxConnections: 1 };

export const SMALL: Load = { ...SHORT, name: "small", title: "64 users, bodies of 100 bytes" };

export const LOADS: readonly Load[] = [
  SMALL,
  { ...SHORT, name: "100kb", title: "64 users, bodies of 100 kB", bodyBytes: 100_000 },
  { ...SHORT, ...LARGE, name: "5mb", title: "4 users, bodies of 5 MB, one at a time" },
  { ...SHORT, name: "users", title: "1,000 users, bodies of 100 bytes", users: 1_000 },
  { ...SHORT, name: "hot", title: "one user with nine in ten requests, 64 others", hotTimes: 9 },
];

const RECORD = { id: 1_000_001, name: "one of many", amount: 12.5, tags: ["first", "second"], note: null };

/** A run's inputs: as many records as make a body of that size. */
export function makeInputs({ bodyBytes }: Load): object {
  const length = Math.round(bodyBytes / (JSON.stringify(RECORD).length + 1));
  return { message: "Hello World!", ...(length > 0 && { records: Array.from({ length }, () => RECORD) }) };
}
