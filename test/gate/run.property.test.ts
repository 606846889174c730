// The run's state machine against every order of events: late, repeated, duplicated and crossed ones. What may never be
// is checked at each step (run-rules.ts); then nothing fails any more, and what was promised must have been kept.
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Intent } from "../../src/gate/intent.ts";
import type { LedgerCharge, LedgerEntry } from "../../src/ledger/entry.ts";
import { findRun, recordAll } from "../../src/ledger/repository.ts";
import { freshLedger } from "../support/ledger.ts";
import { type Books, type Event, RunWorld, T0, type Truth } from "./run-world.ts";

const MINUTE = 60_000;

const books = fc.constantFrom("well", "well", "down", "lost");
const byMs = fc.oneof(
  fc.constantFrom(1, 2_000, 5_000, MINUTE, 5 * MINUTE, 61 * MINUTE),
  fc.integer({ min: -3_000, max: 30_000 }),
);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("settle"), heard: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("take"),
      pushed: fc.boolean(),
      names: fc.constantFrom("nothing", "the run", "the run", "another"),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("look"),
      hand: fc.nat(),
      upstream: fc.constantFrom("honest", "honest", "honest", "down", "forgetful"),
      receiver: fc.constantFrom("acknowledged", "acknowledged", "failed", "failed", "aborted", "resting"),
      books,
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("report"), sighting: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("time"), byMs }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("alarm") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("redeliver") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("bury"), books }) },
);

const story = fc.record({
  started: fc.boolean().map((refused) => !refused),
  endsAtMs: fc.constantFrom(T0, T0, T0 + MINUTE, T0 + 20 * MINUTE),
  result: fc.constantFrom("success", "success", "error"),
  claimed: fc.boolean(),
  billable: fc.boolean(),
  callback: fc.boolean(),
  events: fc.array(event, { maxLength: 50, size: "max" }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

function intentOf({ billable, callback }: Story): Intent {
  const billing: LedgerCharge["billing"] = {
    is_billable: billable,
    origin: "actions_api",
    usage_type: "action_run",
    description: "an action was run via Actions API",
    exemption_reason: null,
    exemption_details: null,
  };
  return {
    v: 1,
    userKey: "user",
    issuer: "https://login.example",
    subject: "alice",
    scopes: ["external"],
    billing,
    target: { kind: "one_off" },
    callbackUrl: callback ? "https://client.example/hook" : null,
    publicUrl: "https://edge.example",
  };
}

/** Plays a story to its end. */
async function play(of: Story, runId: string, booksOf: Books): Promise<RunWorld> {
  const truth: Truth = { ...of, runId };
  const world = new RunWorld(crypto.randomUUID(), truth, intentOf(of), of.claimed, booksOf);
  for (const one of of.events) {
    await world.happen(one);
    expectNoAttemptTwice(await world.view());
  }
  await world.allIsWell();
  return world;
}

function expectNoAttemptTwice(view: Awaited<ReturnType<RunWorld["view"]>>): void {
  const numbers = view?.attempts.map(({ number }) => number) ?? [];
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
}

/** Books that forget all but what they are asked about. */
class Notes implements Books {
  readonly entries: LedgerEntry[] = [];

  async record(entries: LedgerEntry[]): Promise<void> {
    this.entries.push(...entries);
  }

  async find() {
    const [first, ...rest] = this.entries.map(({ run }) => run);
    if (first === undefined) return null;
    const run = rest.reduce((newest, next) => (next.revision > newest.revision ? next : newest), first);
    const attempts = new Map(
      this.entries.flatMap(({ attempt }) => (attempt ? [[attempt.number, attempt]] : [])),
    );
    return { run, attempts: [...attempts.values()].toSorted((a, b) => a.number - b.number) };
  }

  get charged(): boolean {
    return this.entries.some(({ charge }) => charge !== null);
  }
}

describe("whatever happens to a run, and in whatever order", () => {
  test("it only moves forward, somebody always looks at it, and what was promised is kept", async () => {
    await fc.assert(
      fc.asyncProperty(story, async (of) => {
        const notes = new Notes();
        const world = await play(of, "the run", notes);
        if (!world.promised) return;
        const { end } = world;
        if (end === null) throw new Error("an accepted run has no end");
        expect(end.delivery.kind === "none").toBe(!of.callback);
        if (end.delivery.kind === "delivered") expect(world.acknowledged).toBeGreaterThan(0);
        if (world.givenUp) return;
        expect(end.result).toBe(of.result);
        expect(notes.charged).toBe(isOwedCharge(of));
      }),
      { numRuns: 800 },
    );
  }, 120_000);
});

describe("in the real books, whatever happens to a run", () => {
  let ledger: D1Database;
  beforeEach(async () => {
    ledger = await freshLedger();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("there is one charge for a success that is billable, none else, and no more is acknowledged than was", async () => {
    await fc.assert(
      fc.asyncProperty(story, async (of) => {
        const runId = crypto.randomUUID();
        const world = await play(of, runId, {
          record: async (entries) => void (await recordAll(ledger, entries)),
          find: () => findRun(ledger, "user", runId),
        });
        const booked = await findRun(ledger, "user", runId);
        const charges = await chargesOf(ledger, runId);
        expect(charges).toBeLessThanOrEqual(isOwedCharge(of) ? 1 : 0);
        if (world.promised && !world.givenUp) expect(charges).toBe(isOwedCharge(of) ? 1 : 0);
        const told = booked?.attempts.filter(({ error }) => error === null) ?? [];
        expect(told.length).toBeLessThanOrEqual(world.acknowledged);
        if (world.end === null) return;
        // A consumer that was slower than the burial may have booked more than the gate knows.
        expect([world.end.delivery.kind, "delivered"]).toContain(booked?.run.state);
        if (!world.givenUp) expect(booked?.run.result).toBe(world.end.result);
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});

function isOwedCharge({ started, billable, result }: Story): boolean {
  return started && billable && result === "success";
}

async function chargesOf(ledger: D1Database, runId: string): Promise<number> {
  const found = ledger.prepare("SELECT 1 FROM charges WHERE run_id = ?").bind(runId);
  return (await found.all()).results.length;
}
