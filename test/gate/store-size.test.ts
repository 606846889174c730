// What a gate reads and writes does not depend on how much is in it.
import { beforeEach, describe, expect, it } from "vitest";
import { reportAll } from "../../src/gate/report-all.ts";
import { freeSpace } from "../../src/gate/upkeep.ts";
import { readSettings } from "../../src/platform/settings.ts";
import { buildRunRules } from "../../src/runs/run.ts";
import { DAY, SECOND, stopClock } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { type OpenedStore, openStore } from "../support/gate-store.ts";
import { freshIndex } from "../support/operators-index.ts";
import { crowd, type Rows, rowsUsedBy } from "../support/reads.ts";
import { HOOK, Stage } from "../support/stage.ts";
import { FULL_TERMS } from "../support/terms.ts";

const OVERFULL = { freeSpaceAt: 1, fullAt: 2 };
const KEY = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const WINDOW = { limit: 200, windowMs: 300_000 };
const TAKE = { runKey: KEY, notified: true, hintedRunId: null, isAlone: false, leaseMs: 60_000 };
const CLAIM = {
  runKey: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c12",
  fingerprint: "f",
  path: "/p",
  attempt: "a",
  leaseMs: 15_000,
  mayCreate: true,
};
const FULL = { window: WINDOW, claim: CLAIM, promise: { runKey: CLAIM.runKey, terms: FULL_TERMS } };
const PLAIN = { window: WINDOW, claim: null, promise: null };

freshForEach();

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.set();
});

/** What each of these uses where so many runs are open, and so many have ended. */
async function measure(open: number, ended: number): Promise<Record<string, Rows>> {
  const first = await stage.start();
  await stage.pass(10 * SECOND);
  const { runId } = await stage.start({ idempotency_id: KEY });
  await crowd(stage.gateway, { open: open - 1, ended: ended - 1 });
  const rules = buildRunRules(readSettings(stage.gateway.env));
  const used = (work: Parameters<typeof rowsUsedBy>[1]) => rowsUsedBy(stage.gateway, work);
  const outcome = { kind: "acknowledged", status: 204 } as const;
  const attempt = { outcome, agoMs: 0, durationMs: 1 };
  const end = { kind: "ended", runId, result: "success", readAgoMs: 0, bodyKept: false } as const;
  let revision = -1;
  return {
    plain: await used((gate) => gate.admit(PLAIN)),
    full: await used((gate) => gate.admit(FULL)),
    take: await used(async (gate) => {
      const taken = await gate.take(TAKE, null, rules);
      if (taken.kind === "leased") ({ revision } = taken.run);
    }),
    report: await used(async (gate) => {
      const reported = await gate.report(KEY, revision, { ...end, attempt, deferral: null }, rules);
      expect(reported).toMatchObject({ state: "delivered", isCharged: true });
    }),
    find: await used((gate) => {
      expect(gate.findRun(runId)?.state).toBe("delivered");
      expect(gate.findRun("crowd-run-1")?.state).toBe("waiting");
      expect(gate.findRun("unknown")).toBeNull();
    }),
    redeliver: await used(async (gate) => {
      expect(await gate.redeliver(first.runId)).toMatchObject({ kind: "started" });
    }),
    alarm: await used((gate) => gate.alarm()),
  };
}

describe("a gate with 10,000 open and 100,000 ended runs", () => {
  it("reads and writes no more rows than one with ten of each", async () => {
    const few = await measure(10, 10);
    await freshIndex();
    stage = await Stage.set();
    const many = await measure(10_000, 100_000);
    expect(many).toEqual(few);
    expect(few).toEqual({
      plain: { read: 0, written: 0 },
      full: { read: 2, written: 1 },
      take: { read: 2, written: 0 },
      report: { read: 6, written: 4 },
      find: { read: 2, written: 0 },
      // Index entries that go with their row cost nothing.
      redeliver: { read: 5, written: 2 },
      alarm: { read: 3, written: 0 },
    });
  });
});

/** Of a week that is over, with so many runs that were delivered. */
async function measureRows(ended: number, work: (opened: OpenedStore) => unknown): Promise<Rows> {
  stage = await Stage.set();
  await stage.start();
  await stage.pass(10 * SECOND);
  expect(await stage.abandon(await stage.start())).toBe(true);
  await crowd(stage.gateway, { ended });
  await stage.pass(15 * DAY);
  return rowsUsedBy(stage.gateway, async (_gate, { storage }, forget) => {
    const opened = openStore(storage);
    forget();
    await work(opened);
    const kinds = opened.store.outbox.due(Date.now(), 10).map(({ event }) => event.kind);
    expect(kinds.filter((kind) => kind === "dead_letter")).toHaveLength(1);
  });
}

describe("a gate with 50,000 ended runs and a dead letter", () => {
  it.each([
    ["makes room", ({ store, counter }: OpenedStore) => freeSpace(store, counter, OVERFULL, Date.now())],
    ["reports everything to a new index", ({ store }: OpenedStore) => reportAll(store, "a user")],
  ])("%s without a look at what was delivered", async (_, work) => {
    const few = await measureRows(1, work);
    await freshIndex();
    stopClock();
    expect(await measureRows(50_000, work)).toEqual(few);
  });
});

describe("100,000 open runs", () => {
  it("are the most: the next promise gets 503 and starts nothing, and whatever promises nothing goes on", async () => {
    await stage.start();
    await crowd(stage.gateway, { open: 99_998 });
    expect((await stage.tryStart()).status).toBe(202);
    const starts = stage.gateway.upstream.starts.length;
    const full = await stage.tryStart();
    expect([full.status, full.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(full.headers.get("x-ratelimit-remaining")).toBe("198");
    expect(stage.gateway.upstream.starts).toHaveLength(starts);
    expect((await stage.gateway.start({ idempotency_id: KEY })).status).toBe(202);
    expect((await stage.tryStart({ callback_url: HOOK, idempotency_id: KEY })).status).toBe(202);
  });
});
