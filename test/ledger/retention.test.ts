import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import worker from "../../src/index.ts";
import { recordAll, removeOlderThan } from "../../src/ledger/repository.ts";
import { sweepLedger } from "../../src/ledger/retention.ts";
import { attemptOf, books, entryOf, freshLedger, NOON_MS } from "../support/ledger.ts";
import { times } from "../support/times.ts";

const DAY_MS = 86_400_000;

let db: D1Database;

beforeEach(async () => {
  db = await freshLedger();
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function sizes(): Promise<number[]> {
  const { runs, attempts, charges } = await books(db);
  return [runs.length, attempts.length, charges.length];
}

/** With two days of retention. */
function cron(): Promise<void> {
  const key = { kty: "OKP", crv: "Ed25519", kid: "k", d: "S".repeat(43), x: "P".repeat(43) };
  const issuer = { issuer: "i", audience: "a", algorithms: ["ES256"], jwks: { keys: [{ kty: "EC" }] } };
  return worker.scheduled(createScheduledController({ scheduledTime: new Date(NOON_MS) }), {
    ...env,
    LEDGER_RETENTION_DAYS: "2",
    JWT_ISSUERS: JSON.stringify([issuer]),
    SIGNING_KEYS: JSON.stringify({ keys: [key] }),
  } as Env);
}

describe("removal", () => {
  it("takes a run with its attempts and its charge, and leaves all others", async () => {
    const old = entryOf({ acceptedAtMs: NOON_MS - 1 });
    const young = entryOf({ acceptedAtMs: NOON_MS });
    const second = { ...old, attempt: attemptOf(old.run, { number: 2 }) };
    await recordAll(db, [young]);
    const before = await books(db);
    await recordAll(db, [old, second]);
    expect(await sizes()).toEqual([2, 3, 2]);
    expect(await removeOlderThan(db, NOON_MS, 10)).toBe(1);
    expect(await books(db)).toEqual(before);
    expect(await removeOlderThan(db, NOON_MS, 10)).toBe(0);
  });

  it("takes the oldest first, as many as it was told", async () => {
    const entries = times(10, (at) => entryOf({ acceptedAtMs: NOON_MS - 10 + ((at * 3) % 10) }));
    await recordAll(db, entries);
    expect(await removeOlderThan(db, NOON_MS, 4)).toBe(4);
    const left = (await books(db)).runs.map(({ accepted_at_ms }) => accepted_at_ms - NOON_MS);
    expect(new Set(left)).toEqual(new Set([-1, -2, -3, -4, -5, -6]));
    expect(await sizes()).toEqual([6, 6, 6]);
  });

  it("takes a charge that was reported before and after other states of its run", async () => {
    const { run, charge } = entryOf();
    await recordAll(db, [{ run: { ...run, revision: 9 }, attempt: null, charge: null }]);
    await recordAll(db, [{ run, attempt: null, charge }]);
    await recordAll(db, [{ run: { ...run, revision: 10 }, attempt: null, charge: null }]);
    expect(await sizes()).toEqual([1, 0, 1]);
    await removeOlderThan(db, NOON_MS + 1, 10);
    expect(await sizes()).toEqual([0, 0, 0]);
  });

  it("takes a run that never ended, and one that nobody was charged for", async () => {
    const waiting = { ...entryOf({ endedAtMs: null, result: null, state: "waiting" }), attempt: null };
    await recordAll(db, [
      { ...waiting, charge: null },
      { ...entryOf({ state: "dead" }), charge: null },
    ]);
    expect(await removeOlderThan(db, NOON_MS + 1, 10)).toBe(2);
    expect(await sizes()).toEqual([0, 0, 0]);
  });
});

describe("a sweep", () => {
  it("goes on until nothing is left that is too old", async () => {
    const old = times(1_200, () => entryOf({ acceptedAtMs: NOON_MS - 30 * DAY_MS - 1 }));
    const young = times(3, () => entryOf({ acceptedAtMs: NOON_MS - 30 * DAY_MS }));
    await recordAll(db, [...old, ...young]);
    expect(await sweepLedger(db, 30, NOON_MS)).toEqual({ removedRuns: 1_200, finished: true });
    expect(await sizes()).toEqual([3, 3, 3]);
  });

  it("does a bounded piece of work and says that there is more", async () => {
    let rounds = 0;
    const endless: unknown = {
      prepare: () => ({ bind: () => ({}) }),
      batch: () => {
        rounds++;
        return Promise.resolve([{}, {}, { meta: { changes: 500 } }]);
      },
    };
    expect(await sweepLedger(endless as D1Database, 30, NOON_MS)).toEqual({
      removedRuns: 125_000,
      finished: false,
    });
    expect(rounds).toBe(250);
  });

  it("is what the cron does, by the setting, and it leaves one line", async () => {
    const lines: any[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(JSON.parse(line)));
    await recordAll(db, [
      entryOf({ acceptedAtMs: NOON_MS - 2 * DAY_MS - 1 }),
      entryOf({ acceptedAtMs: NOON_MS - 2 * DAY_MS }),
    ]);
    await cron();
    expect(await sizes()).toEqual([1, 1, 1]);
    expect(lines).toEqual([
      {
        time: expect.any(String),
        event: "ledger.swept",
        removed_runs: 1,
        finished: true,
        total_ms: expect.any(Number),
      },
    ]);
  });

  it("is done when another chore of the cron fails, and the platform is told of that one", async () => {
    await recordAll(db, [entryOf({ acceptedAtMs: NOON_MS - 2 * DAY_MS - 1 })]);
    await db.exec("DROP TABLE redeliveries");
    await expect(cron()).rejects.toThrow("no such table: redeliveries");
    expect(await sizes()).toEqual([0, 0, 0]);
  });
});
