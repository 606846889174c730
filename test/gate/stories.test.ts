// Random orders of everything that can be said to one gate, by an honest upstream: no call throws, a run is charged once at
// most, stands in one row, and the index says what a new object reads from the rows.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { HOUR, MINUTE, moveClock, SECOND } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { TestQueue } from "../support/queue.ts";
import { CALLBACK_TERMS, CHARGE_TERMS, FULL_TERMS } from "../support/terms.ts";

freshForEach();

const KEYS = [
  "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
  "1b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
  "2b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
];
const RULES = { pollSchedule: [2, 60, 300], retrySchedule: [5, 300] };
const WINDOW = { limit: 1000, windowMs: 300_000 };

function dice(seed: number) {
  let s = seed >>> 0;
  const next = () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
  return { next, of: <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)] as T };
}

const shown = (gate: UserGate) =>
  gate
    .inspect(0)
    .open.map(
      ({ runKey, run }) =>
        `${runKey} ${run.status} ${run.revision} ${run.status === "forwarding" ? run.hintedRunId : run.runId}`,
    )
    .toSorted();

async function play(seed: number): Promise<string[]> {
  const { next, of } = dice(seed);
  const trail: string[] = [];
  const settled = new Map<string, number>();
  const broken = new Set<string>();
  const gate = env.USER_GATE.getByName(`fuzz-${seed}`);
  const runIds = new Map<string, string>();
  const attempts: { key: string; attempt: string; terms: any }[] = [];
  const acceptances: any[] = [];
  const leases: any[] = [];
  const runOf = (key: string) => {
    const id = runIds.get(key) ?? crypto.randomUUID();
    runIds.set(key, id);
    return id;
  };
  const accepted = (a: (typeof attempts)[number]): any => ({
    runKey: a.key,
    attempt: a.attempt,
    claim: { id: a.key, fingerprint: "f" },
    terms: a.terms,
    outcome: { kind: "accepted", runId: runOf(a.key), answer: { status: 202, body: a.key } },
  });
  for (let step = 0; step < 150; step += 1) {
    const what = of([
      "admit",
      "admit",
      "accept",
      "refuse",
      "unknown",
      "message",
      "hint",
      "take",
      "take",
      "report",
      "report",
      "report",
      "abandon",
      "redeliver",
      "time",
      "time",
      "evict",
      "ring",
      "ring",
    ]);
    const key = of(KEYS);
    trail.push(`${step} ${what} ${KEYS.indexOf(key)}`);
    const a = attempts.length > 0 ? of(attempts) : null;
    if (what === "admit") {
      const terms = of([
        null,
        CALLBACK_TERMS,
        CHARGE_TERMS,
        FULL_TERMS,
        { ...FULL_TERMS, callbackUrl: "https://b.example/" },
      ]);
      const attempt = crypto.randomUUID();
      // Nobody waits here.
      moveClock(120 * SECOND);
      const said = await gate.admit({
        window: WINDOW,
        claim: { id: key, attempt, fingerprint: "f", path: "/p", leaseMs: 15_000, mayCreate: true },
        promise: terms && { runKey: key, terms },
      });
      const settledAtMs = settled.get(key) ?? Number.NEGATIVE_INFINITY;
      if (Date.now() - settledAtMs < 72 * HOUR - MINUTE && said.kind !== "replay")
        broken.add(`no replay: ${said.kind}`);
      if (said.kind === "admitted") attempts.push({ key, attempt, terms });
    } else if (what === "accept" && a) {
      const yes = accepted(a);
      if (next() < 0.5) acceptances.push(yes);
      else {
        await gate.settle(yes);
        const known = settled.get(a.key) ?? Number.NEGATIVE_INFINITY;
        if (Date.now() - known >= 72 * HOUR) settled.set(a.key, Date.now());
      }
    } else if (what === "refuse" && a && !runIds.has(a.key)) {
      await gate.settle({ ...accepted(a), outcome: { kind: "refused" } });
      runIds.delete(a.key);
    } else if (what === "unknown" && a) await gate.settle({ ...accepted(a), outcome: { kind: "unknown" } });
    else if (what === "message" || what === "hint" || what === "take") {
      const m = what === "message" && acceptances.length > 0 ? of(acceptances) : null;
      const k = m?.runKey ?? key;
      const taken = await gate.take(
        {
          runKey: k,
          notified: what !== "take",
          hintedRunId: what === "hint" && runIds.has(k) ? runOf(k) : null,
          isAlone: next() < 0.3,
          leaseMs: 36_000,
        },
        m,
        RULES,
      );
      if (taken.kind === "leased") leases.push(taken.run);
    } else if (what === "report" && leases.length > 0) {
      const l = next() < 0.8 ? leases.pop() : of(leases);
      const failed = { kind: "failed", status: 500, failure: "status is no 2xx", retryAfterSeconds: null };
      const outcome = next() < 0.4 ? { kind: "acknowledged", status: 204 } : failed;
      const attempt = l.terms.callbackUrl === null ? null : { outcome, agoMs: 1, durationMs: 1 };
      const seen: any = of([
        { kind: "waiting", runId: l.runId },
        { kind: "unseen", unknown: next() < 0.5 },
        { kind: "crowded" },
        {
          kind: "ended",
          runId: l.runId,
          result: "success",
          readAgoMs: 1,
          bodyKept: false,
          attempt,
          deferral: null,
        },
        {
          kind: "ended",
          runId: l.runId,
          result: "success",
          readAgoMs: 1,
          bodyKept: false,
          attempt,
          deferral: null,
        },
      ]);
      if (l.task.kind === "deliver" && seen.kind !== "ended" && seen.kind !== "crowded") continue;
      if (next() < 0.1) await gate.release(l.runKey, l.revision);
      else await gate.report(l.runKey, l.revision, seen, RULES);
    } else if (what === "abandon") await gate.abandon(key);
    else if (what === "redeliver" && runIds.has(key)) await gate.redeliver(runOf(key));
    else if (what === "time")
      moveClock(
        of([SECOND, 20 * SECOND, 2 * MINUTE, HOUR, 25 * HOUR, 73 * HOUR, 8 * 24 * HOUR, -10 * SECOND]),
      );
    else if (what === "ring") await runDurableObjectAlarm(gate);
    else if (what === "evict") {
      const before = await runInDurableObject(gate, shown);
      await evict(gate);
      expect(await runInDurableObject(gate, shown), trail.join("\n")).toEqual(before);
    }
    const alarm = await runInDurableObject(gate, async (g: UserGate, { storage }) => {
      const open = g.inspect(0).open;
      return open.length > 0 && (await storage.getAlarm()) === null;
    });
    if (alarm) broken.add("no alarm");
    const { charges, rows } = await runInDurableObject(gate, (g: UserGate) => ({
      charges: g
        .usage({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1000 })
        .charges.map(({ runId }) => runId),
      rows: g.listRuns(null, 1000).runs.map(({ run }) => run.runId),
    }));
    expect(new Set(charges).size, trail.join("\n")).toBe(charges.length);
    expect(new Set(rows).size, trail.join("\n")).toBe(rows.length);
  }
  expect([...broken], trail.join("\n")).toEqual([]);
  return trail;
}

it.each(Array.from({ length: 40 }, (_, seed) => seed))("seed %i", { timeout: 8_000 }, async (seed) => {
  new TestQueue().install();
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  await play(seed);
});
