import { beforeEach, describe, expect, it } from "vitest";
import { overview } from "../../src/console/overview.ts";
import { tendRollups } from "../../src/console/rollups.ts";
import { recordAll } from "../../src/ledger/repository.ts";
import { HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { freshLedger, NOON_MS } from "../support/ledger.ts";
import { bookedRun, deadLetter, delivered } from "./bench.ts";

/** 12:30:20 */
const NOW_MS = NOON_MS + 30 * MINUTE + 20 * SECOND;

let db: D1Database;

beforeEach(async () => {
  db = await freshLedger();
});

function one(members: Parameters<typeof bookedRun>[0]) {
  return { run: bookedRun(members), attempt: null, charge: null };
}

/** One of each kind at a time: 7 runs. */
async function mixedAt(acceptedAtMs: number): Promise<void> {
  await recordAll(db, [
    delivered({ acceptedAtMs }, 41),
    { ...delivered({ acceptedAtMs, attempts: 3 }, 9_000), charge: null },
    deadLetter({ acceptedAtMs, result: "error" }),
    one({ acceptedAtMs, state: "retrying" }),
    one({ acceptedAtMs, state: "aborted", result: "error" }),
    one({ acceptedAtMs, state: "none", callbackUrl: null, attempts: 0 }),
    one({ acceptedAtMs, state: "dead", result: null, attempts: 0 }),
  ]);
}

const MIXED = {
  runs: 7,
  errors: 3,
  callbacks: 6,
  delivered: 2,
  delivered_at_once: 1,
  retrying: 1,
  dead: 2,
  aborted: 1,
  charges: 1,
  // 41 and 9,000 ms, each as the middle of its bin.
  latency_p50_ms: 40,
  latency_p99_ms: 9_329,
};

const NOTHING = {
  runs: 0,
  errors: 0,
  callbacks: 0,
  delivered: 0,
  delivered_at_once: 0,
  retrying: 0,
  dead: 0,
  aborted: 0,
  charges: 0,
  latency_p50_ms: null,
  latency_p99_ms: null,
};

function tripled() {
  return Object.fromEntries(
    Object.entries(MIXED).map(([name, value]) => [name, name.startsWith("latency") ? value : 3 * value]),
  );
}

describe("the last hour", () => {
  it("is sixty minutes, the current one included, by the time of acceptance", async () => {
    await mixedAt(NOW_MS - MINUTE);
    await recordAll(db, [
      delivered({ acceptedAtMs: NOON_MS + 31 * MINUTE - 1 }),
      delivered({ acceptedAtMs: NOON_MS + 31 * MINUTE - HOUR }),
      delivered({ acceptedAtMs: NOON_MS + 31 * MINUTE - HOUR - 1 }),
    ]);
    const seen = await overview(db, "hour", NOW_MS);
    expect([seen.from, seen.to, seen.complete]).toEqual([
      "2026-11-20T11:31:00.000Z",
      "2026-11-20T12:31:00.000Z",
      true,
    ]);
    expect(seen.buckets).toHaveLength(60);
    expect(seen.buckets[0]).toMatchObject({ at: "2026-11-20T11:31:00.000Z", runs: 1 });
    expect(seen.buckets[58]).toEqual({ at: "2026-11-20T12:29:00.000Z", ...MIXED });
    expect(seen.buckets[59]).toMatchObject({ at: "2026-11-20T12:30:00.000Z", runs: 1 });
    expect(seen.buckets[30]).toEqual({ at: "2026-11-20T12:01:00.000Z", ...NOTHING });
    expect(seen.totals).toMatchObject({ runs: 9, delivered: 4, charges: 3 });
  });

  it("of nothing is nothing", async () => {
    expect((await overview(db, "hour", NOW_MS)).totals).toEqual(NOTHING);
  });
});

describe("the last day and week", () => {
  it.each([
    ["day", 24, "2026-11-19T13:00:00.000Z"],
    ["week", 168, "2026-11-13T13:00:00.000Z"],
  ] as const)("%s: %i hours, none of which anybody has counted before", async (span, hours, from) => {
    await mixedAt(NOON_MS + MINUTE);
    await mixedAt(NOON_MS - 1);
    await mixedAt(NOON_MS - (hours - 1) * HOUR);
    await mixedAt(NOON_MS - (hours - 1) * HOUR - 1);
    const seen = await overview(db, span, NOW_MS);
    expect([seen.from, seen.to, seen.complete]).toEqual([from, "2026-11-20T13:00:00.000Z", true]);
    expect(seen.buckets).toHaveLength(hours);
    expect(seen.buckets[0]).toEqual({ at: from, ...MIXED });
    expect(seen.buckets[hours - 2]).toEqual({ at: "2026-11-20T11:00:00.000Z", ...MIXED });
    expect(seen.buckets[hours - 1]).toEqual({ at: "2026-11-20T12:00:00.000Z", ...MIXED });
    expect(seen.totals).toEqual({ ...MIXED, ...tripled(), latency_p50_ms: 40, latency_p99_ms: 9_329 });
  });

  it("shows what became of an old hour's runs, once the hour is due again", async () => {
    const letter = deadLetter({ acceptedAtMs: NOON_MS - 80 * HOUR });
    await recordAll(db, [letter]);
    expect((await overview(db, "week", NOW_MS)).totals).toMatchObject({ dead: 1, delivered: 0 });
    await recordAll(db, [{ ...letter, run: { ...letter.run, state: "delivered", revision: 9 } }]);
    // 79.5 hours old: an eighth is just under ten.
    expect((await overview(db, "week", NOW_MS + 9 * HOUR)).totals).toMatchObject({ dead: 1, delivered: 0 });
    expect((await overview(db, "week", NOW_MS + 10 * HOUR)).totals).toMatchObject({ dead: 0, delivered: 1 });
  });

  it("reads kept hours, not their runs: what the cron counted stands though the runs are gone", async () => {
    await mixedAt(NOON_MS - 30 * HOUR);
    await tendRollups(db, NOW_MS);
    await db.exec("DELETE FROM runs");
    expect((await overview(db, "week", NOW_MS)).totals).toMatchObject({ runs: 7 });
  });

  it("says so when hours are still to be counted", async () => {
    const slow: unknown = {
      prepare: (sql: string) => db.prepare(sql),
      batch: async (statements: D1PreparedStatement[]) => {
        await scheduler.wait(600);
        return db.batch(statements);
      },
    };
    const seen = await overview(slow as D1Database, "week", NOW_MS);
    expect([seen.complete, seen.buckets.length]).toEqual([false, 168]);
    expect((await overview(db, "week", NOW_MS)).complete).toBe(true);
  });
});

describe("the cron", () => {
  it("keeps the hours of a week, and forgets older ones", async () => {
    await tendRollups(db, NOW_MS);
    const kept = async () =>
      (await db.prepare("SELECT COUNT(*) AS n FROM rollups").first<{ n: number }>())?.n;
    expect(await kept()).toBe(167);
    await tendRollups(db, NOW_MS + 5 * HOUR);
    expect(await kept()).toBe(168);
  });

  it("counts an hour that was counted meanwhile no second time", async () => {
    await tendRollups(db, NOW_MS);
    const { meta } = await db
      .prepare("UPDATE rollups SET figures = figures WHERE counted_at_ms < ?1")
      .bind(NOW_MS)
      .run();
    expect(meta.changes).toBe(0);
    await tendRollups(db, NOW_MS + MINUTE);
    const again = "SELECT COUNT(*) AS n FROM rollups WHERE counted_at_ms > ?1";
    expect(await db.prepare(again).bind(NOW_MS).first()).toEqual({ n: 0 });
    await tendRollups(db, NOW_MS + 5 * MINUTE);
    expect((await db.prepare(again).bind(NOW_MS).first<{ n: number }>())?.n).toBe(1);
  });
});
