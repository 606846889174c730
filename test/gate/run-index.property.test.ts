// The index in memory against one that a child could write: whatever is put, freed, leased and removed, in any order, both
// give the same answers.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RunIndex } from "../../src/gate/run-index.ts";
import { weighted } from "../support/commands.ts";

const KEYS = ["a", "b", "c", "d", "e", "f", "g", "h"];
/** Each run has an id of its own: the gate sees to it that no two rows have the same. */
const key = fc.constantFrom(...KEYS);
const atMs = fc.integer({ min: -5, max: 5 });

type Step =
  | { kind: "put"; key: string; hasRunId: boolean; atMs: number }
  | { kind: "act"; key: string; atMs: number }
  | { kind: "free"; key: string; atMs: number }
  | { kind: "remove"; key: string }
  | { kind: "alone"; key: string };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  weighted(4, { kind: fc.constant("put"), key, hasRunId: fc.boolean(), atMs }),
  weighted(3, { kind: fc.constant("act"), key, atMs }),
  weighted(2, { kind: fc.constant("free"), key, atMs }),
  weighted(2, { kind: fc.constant("remove"), key }),
  weighted(1, { kind: fc.constant("alone"), key }),
);

type Entry = { runId: string | null; dueAtMs: number; actAtMs: number; alone: boolean };

class Reference {
  readonly runs = new Map<string, Entry>();

  apply(step: Step): void {
    const known = this.runs.get(step.key);
    if (step.kind === "put") {
      const runId = step.hasRunId ? `run-${step.key}` : null;
      const alone = known?.alone ?? false;
      this.runs.set(step.key, { runId, dueAtMs: step.atMs, actAtMs: step.atMs, alone });
    } else if (known !== undefined) this.#change(step, known);
  }

  #change(step: Step, known: Entry): void {
    if (step.kind === "remove") this.runs.delete(step.key);
    if (step.kind === "alone") known.alone = true;
    if (step.kind === "act") known.actAtMs = step.atMs;
    if (step.kind === "free") Object.assign(known, { dueAtMs: step.atMs, actAtMs: step.atMs });
  }

  get firstAtMs(): number | null {
    const all = [...this.runs.values()].map(({ actAtMs }) => actAtMs);
    return all.length === 0 ? null : Math.min(...all);
  }

  get dueTimes(): number[] {
    return [...this.runs.values()].map(({ dueAtMs }) => dueAtMs).toSorted((a, b) => a - b);
  }
}

function apply(index: RunIndex, step: Step): void {
  const run = index.get(step.key);
  switch (step.kind) {
    case "put":
      return index.put(7, step.key, step.hasRunId ? `run-${step.key}` : null, step.atMs);
    case "remove":
      return index.remove(step.key);
    case "alone":
      return index.setAlone(step.key);
    case "act":
      return run === null ? undefined : index.actAt(run, step.atMs);
    case "free":
      return run === null ? undefined : index.free(run, step.atMs);
  }
}

function shownBy(index: RunIndex) {
  const first = index.first();
  return {
    size: index.size,
    runs: KEYS.flatMap((name) => {
      const { runKey, runId, dueAtMs, actAtMs, alone } = index.get(name) ?? {};
      return runKey === undefined ? [] : [{ runKey, runId, dueAtMs, actAtMs, alone }];
    }),
    found: KEYS.map((name) => index.findByRunId(`run-${name}`)?.runKey ?? null),
    firstAtMs: first && (index.get(first.runKey) === first ? first.actAtMs : Number.NaN),
    dueTimes: index.earliest(100).map(({ dueAtMs }) => dueAtMs),
  };
}

function buildExpected({ runs, firstAtMs, dueTimes }: Reference) {
  return {
    size: runs.size,
    runs: KEYS.flatMap((runKey) => {
      const run = runs.get(runKey);
      return run === undefined ? [] : [{ runKey, ...run }];
    }),
    found: KEYS.map((runKey) => (runs.get(runKey)?.runId == null ? null : runKey)),
    firstAtMs,
    dueTimes,
  };
}

test("it answers as a plain list would, after every step", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40, size: "max" }), (steps) => {
      const [index, reference] = [new RunIndex(), new Reference()];
      for (const one of steps) {
        apply(index, one);
        reference.apply(one);
        expect(shownBy(index)).toEqual(buildExpected(reference));
      }
    }),
    { numRuns: 300 },
  );
});

test("a run that is put again has no lease", () => {
  const index = new RunIndex();
  index.put(1, "a", null, 5);
  const run = index.get("a");
  if (run === null) throw new Error("it was put");
  Object.assign(run, { leasedUntilMs: 9, notified: true });
  index.put(2, "a", "r1", 6);
  expect(index.get("a")).toMatchObject({ rowId: 2, runId: "r1", leasedUntilMs: null, notified: false });
});
