// Charges as they are shown: whatever is recorded while a caller reads, nothing is skipped, nothing is shown twice, and
// what was shown of the past stays as it was.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ChargePage } from "../../src/gate/usage.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { DAY, HOUR, MINUTE, moveClock, SECOND, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { openStore, withStore } from "../support/gate-store.ts";
import { Stage, type Started } from "../support/stage.ts";
import { CHARGE_TERMS } from "../support/terms.ts";

const BILLED = { runId: "r1", storedActionId: null, billing: CHARGE_TERMS.billing };

freshForEach();

describe("the moment of a charge", () => {
  it("is later than that of the one before, also where the clock stands or steps back", async () => {
    const moments = await withStore(({ store }) =>
      [T0, T0, T0 - 5_000, T0 + 1_000, T0 + 500].map((nowMs) => store.charges.add(BILLED, nowMs, 0)),
    );
    expect(moments).toEqual([T0, T0 + 1, T0 + 2, T0 + 1_000, T0 + 1_001]);
  });

  it("is so in an object that starts anew, whose clock is behind", async () => {
    await withStore(({ store }) => store.charges.add(BILLED, T0, 0));
    expect(await withStore(({ store }) => store.charges.add(BILLED, T0 - MINUTE, 0))).toBe(T0 + 1);
  });

  it("is not before the end of a span that was shown", async () => {
    expect(await withStore(({ store }) => store.charges.add(BILLED, T0, T0 + 70))).toBe(T0 + 70);
  });

  it("decides which month's table it is in: one that is late in a month may be in the next", async () => {
    const february = Date.parse("2040-02-01T00:00:00Z");
    const found = await withStore(({ store }) => {
      store.charges.add(BILLED, february - 1, 0);
      store.charges.add(BILLED, february - 1, 0);
      return [store.charges.page(0, february, 10), store.charges.page(february, february + DAY, 10)];
    });
    expect(found.map((page) => page.map(({ chargedAtMs }) => chargedAtMs))).toEqual([
      [february - 1],
      [february],
    ]);
  });
});

describe("a charge is shown", () => {
  it("with the whole of its billing context, to the letter", async () => {
    const billing = {
      is_billable: true,
      origin: "partner",
      usage_type: "action_run",
      description: `a "b", c’\u{1F600}`,
      exemption_reason: "trial",
      exemption_details: null,
    };
    const page = await withStore(({ store }) => {
      store.charges.add({ runId: "r1", storedActionId: "a1", billing }, T0, 0);
      store.charges.add(BILLED, T0, 0);
      store.charges.add({ runId: "r2", storedActionId: "a1", billing }, T0, 0);
      return store.charges.page(0, T0 + DAY, 10);
    });
    expect(page[0]).toEqual({ chargedAtMs: T0, runId: "r1", storedActionId: "a1", billing });
    expect(page.map((charge) => charge.billing)).toEqual([billing, CHARGE_TERMS.billing, billing]);
  });

  it("in pages across months, oldest first, and with no empty page at the end", async () => {
    const sizes = await withStore(({ store }) => {
      for (let day = 0; day < 200; day += 1) store.charges.add(BILLED, T0 + day * DAY, 0);
      const pages: number[] = [];
      let fromMs: number | undefined = T0;
      while (fromMs !== undefined && pages.length < 9) {
        const found = store.charges.page(fromMs, T0 + 365 * DAY, 101);
        pages.push(Math.min(found.length, 100));
        fromMs = found[100]?.chargedAtMs;
      }
      return pages;
    });
    expect(sizes).toEqual([100, 100]);
  });

  it("in the span that its moment is in: the first millisecond is part of it, the last is not", async () => {
    const shown = await withStore(({ store }) => {
      for (const ms of [0, 1, 2]) store.charges.add(BILLED, T0 + ms, 0);
      return [
        [0, 2],
        [2, 4],
        [1, 1],
      ].map(([from = 0, to = 0]) => store.charges.page(T0 + from, T0 + to, 10).length);
    });
    expect(shown).toEqual([2, 1, 0]);
  });
});

let stage: Stage;

async function usage(fromMs: number, toMs: number, limit = 100): Promise<ChargePage> {
  return (await stage.gateway.gateOf()).usage({ fromMs, toMs, limit });
}

async function idsBetween(fromMs: number, toMs: number): Promise<string[]> {
  return (await usage(fromMs, toMs)).charges.map(({ runId }) => runId);
}

/** A run that ends when it is let. */
async function startSlow(): Promise<Started> {
  const started = await stage.start();
  stage.waiting.add(started.runId);
  return started;
}

async function end(runId: string): Promise<void> {
  stage.waiting.delete(runId);
  await stage.pass(20 * MINUTE);
}

describe("while runs end", () => {
  beforeEach(async () => {
    stage = await Stage.set({ RUN_POLL_SCHEDULE: "2,600" });
  });

  it("a page, then the end of a run that was slow, then the next page: each is shown once", async () => {
    const { runId: slow } = await startSlow();
    const quick = [await stage.start(), await stage.start(), await stage.start()].map(({ runId }) => runId);
    await stage.pass(10 * SECOND);
    const first = await usage(T0, T0 + DAY, 2);
    await end(slow);
    const rest = await usage(first.nextFromMs ?? 0, T0 + DAY, 100);
    const shown = [...first.charges, ...rest.charges].map(({ runId }) => runId);
    expect(shown.toSorted()).toEqual([slow, ...quick].toSorted());
    expect(rest.nextFromMs).toBeNull();
  });

  it.each(["the same object", "one that starts anew"])(
    "a span that was shown stays as it was when the clock steps back: %s",
    async (which) => {
      const slow = await startSlow();
      const { runId } = await stage.start();
      await stage.pass(10 * SECOND);
      moveClock(30 * SECOND);
      const toMs = Date.now();
      expect(await idsBetween(T0, toMs)).toEqual([runId]);
      moveClock(-25 * SECOND);
      if (which !== "the same object") await evict(await stage.gateway.gateOf());
      stage.waiting.delete(slow.runId);
      await stage.finish(slow);
      expect(await idsBetween(T0, toMs)).toEqual([runId]);
      const { charges } = await usage(toMs, toMs + HOUR);
      expect(charges).toMatchObject([{ runId: slow.runId, chargedAtMs: toMs }]);
    },
  );

  it("a span that lies ahead ends where the present does, and what comes later is shown by the next page", async () => {
    const { runId: slow } = await startSlow();
    await stage.pass(MINUTE);
    expect(await idsBetween(T0, T0 + 365 * DAY)).toEqual([]);
    await end(slow);
    expect(await idsBetween(T0, T0 + 365 * DAY)).toEqual([slow]);
  });
});

it("a charge and the end of its run are recorded together or not at all", async () => {
  stage = await Stage.set();
  const { runId } = await stage.start();
  await runInDurableObject(await stage.gateway.gateOf(), (_gate: UserGate, { storage }) => {
    const { store, runs } = openStore(storage);
    const found = runs.find(runId)?.open;
    if (found == null || found.run.status === "forwarding") throw new Error("the run is open");
    const { acceptedAtMs, attempts, revision } = found.run;
    const ended = { status: "ended", runId, acceptedAtMs, attempts, revision, bodyKept: false } as const;
    const run = { ...ended, endedAtMs: T0, result: "success", chargedAtMs: null } as const;
    vi.spyOn(store.endedRuns, "add").mockImplementation(() => {
      throw new Error("the disk is full");
    });
    expect(() => runs.put({ ...found, run: { ...run, delivery: { kind: "none" } } }, T0)).toThrow("full");
    expect([store.charges.page(0, T0 + DAY, 10), runs.find(runId)?.open]).toEqual([[], found]);
  });
  await stage.pass(10 * SECOND);
  expect((await stage.records()).charges).toMatchObject([{ run_id: runId }]);
});
