// A gate with as many open runs as it may have, here three: starts that were never answered promise nothing, and make room.
import { beforeEach, expect, it, vi } from "vitest";
import { admitNow } from "../../src/gate/admit.ts";
import { Claims } from "../../src/gate/claims.ts";
import { decideClaim } from "../../src/runs/claim.ts";
import type { OpenRun } from "../../src/runs/open-run.ts";
import { acceptedRun, hintRun } from "../../src/runs/run.ts";
import { DAY, HOUR, T0 } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { type OpenedStore, withStore } from "../support/gate-store.ts";
import { FULL_TERMS } from "../support/terms.ts";

const IDS = ["a", "b", "c"];
const WINDOW = { limit: 200, windowMs: 300_000 };

freshForEach();

let lines: string[];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
});

/** A start with this id, a callback and a charge. */
function start({ store, runs, counter, controls }: OpenedStore, id: string, nowMs: number) {
  const claims = new Claims(store, runs);
  const claim = { runKey: id, attempt: id, fingerprint: "f", path: "/p", leaseMs: 15_000, mayCreate: true };
  const decision = decideClaim(claims.find(id, nowMs), claim, nowMs);
  if (decision.kind !== "take") throw new Error(`the claim is ${decision.kind}`);
  const request = { window: WINDOW, claim, promise: { runKey: id, terms: FULL_TERMS } };
  return admitNow({ gate: "a gate", store, runs, claims, counter, controls }, request, decision, nowMs, 3);
}

/** Three starts without an answer, and what befell them then. */
function fill(opened: OpenedStore, befell: (open: OpenRun) => OpenRun): void {
  for (const id of IDS) expect(start(opened, id, T0).kind).toBe("admitted");
  for (const id of IDS) {
    const open = opened.runs.get(id);
    if (open !== null) opened.runs.put(befell(open), T0);
  }
}

const NOTHING = (open: OpenRun) => open;

it.each([
  ["more than an hour ago", HOUR + 1],
  ["almost thirteen days ago", 13 * DAY - 1],
])("a promise is taken where starts were left unanswered %s, and their ids stay claimed", async (_, ms) => {
  const found = await withStore((opened) => {
    fill(opened, NOTHING);
    const claims = new Claims(opened.store, opened.runs);
    const admitted = start(opened, "d", T0 + ms);
    return [admitted.kind, opened.runs.index.size, IDS.map((id) => claims.find(id, T0 + HOUR))];
  });
  const open = expect.objectContaining({ status: "open", mayHaveRun: true });
  expect(found).toEqual(["admitted", 1, [open, open, open]]);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: "gate.dropped_early", gate: "a gate", what: "unanswered_starts", starts: 3 },
  ]);
});

it.each<[string, number, (open: OpenRun) => OpenRun]>([
  ["were begun within the hour", HOUR, NOTHING],
  ["were accepted", 2 * HOUR, (open) => ({ ...open, run: acceptedRun(open.runKey, 1, T0) })],
  [
    "were named by a completion",
    2 * HOUR,
    (open) => (open.run.status === "forwarding" ? { ...open, run: hintRun(open.run, open.runKey) } : open),
  ],
])("a promise is refused where all runs %s", async (_, ms, befell) => {
  const found = await withStore((opened) => {
    fill(opened, befell);
    return [start(opened, "d", T0 + ms).kind, opened.runs.index.size];
  });
  expect(found).toEqual(["full", 3]);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ event: "gate.full" }]);
});
