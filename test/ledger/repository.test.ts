import { beforeEach, describe, expect, it } from "vitest";
import type { LedgerEntry } from "../../src/ledger/entry.ts";
import { findRun, recordAll } from "../../src/ledger/repository.ts";
import {
  attemptOf,
  books,
  chargeOf,
  entryOf,
  freshLedger,
  runOf as madeRun,
  NOON_MS,
} from "../support/ledger.ts";
import { times } from "../support/times.ts";

const RUN_ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

let db: D1Database;

beforeEach(async () => {
  db = await freshLedger();
});

/** Three reports of one run: refused by its receiver, delivered and charged, then sent again on its owner's word. */
function reports(): [LedgerEntry, LedgerEntry, LedgerEntry] {
  const run = madeRun({ runId: RUN_ID });
  const nextAttemptAtMs = NOON_MS + 7_000;
  const refused = { ...run, revision: 3, state: "retrying" as const, attempts: 1, nextAttemptAtMs };
  const delivered = { ...run, revision: 4, attempts: 2 };
  const again = { ...run, revision: 6, attempts: 3 };
  const error = "status is no 2xx";
  return [
    { run: refused, attempt: attemptOf(run, { number: 1, status: 503, error }), charge: null },
    { run: delivered, attempt: attemptOf(run, { number: 2 }), charge: chargeOf(run) },
    { run: again, attempt: attemptOf(run, { number: 3 }), charge: null },
  ];
}

function orders<T>(things: readonly T[]): T[][] {
  if (things.length <= 1) return [[...things]];
  return things.flatMap((first, at) => orders(things.toSpliced(at, 1)).map((rest) => [first, ...rest]));
}

describe("reports of one run", () => {
  const expected = {
    runs: [
      {
        run_id: RUN_ID,
        user_key: "alice",
        stored_action_id: "11111111-2222-4333-8444-555555555555",
        callback_url: "https://client.example/hook",
        intent: '{"v":1}',
        accepted_at_ms: 1_795_176_000_000,
        ended_at_ms: 1_795_176_002_000,
        result: "success",
        state: "delivered",
        attempts: 3,
        next_attempt_at_ms: null,
        revision: 6,
        charged_at_ms: 1_795_176_002_000,
      },
    ],
    attempts: [
      { number: 1, status: 503, error: "status is no 2xx" },
      { number: 2, status: 204, error: null },
      { number: 3, status: 204, error: null },
    ].map((row) => ({ run_id: RUN_ID, at_ms: 1_795_176_002_010, duration_ms: 41, ...row })),
    charges: [
      {
        user_key: "alice",
        charged_at_ms: 1_795_176_002_000,
        run_id: RUN_ID,
        stored_action_id: "11111111-2222-4333-8444-555555555555",
        origin: "actions_api",
        usage_type: "action_run",
        description: "an action was run via Actions API",
        exemption_reason: null,
        exemption_details: null,
      },
    ],
  };

  it.each(orders([0, 1, 2]).map((order) => [order]))(
    "leave the same books in the order %j, three times over",
    async (order) => {
      const made = reports();
      for (const at of [...order, ...order, ...order]) await recordAll(db, [made[at] ?? made[0]]);
      expect(await books(db)).toEqual(expected);
    },
  );

  it.each(orders([0, 1, 2]).map((order) => [order]))(
    "leave the same books in one batch in the order %j",
    async (order) => {
      const made = reports();
      const batch = [...order, ...order, ...order].map((at) => made[at] ?? made[0]);
      await recordAll(db, batch);
      expect(await books(db)).toEqual(expected);
    },
  );

  it("never put an older state over a newer one", async () => {
    const [refused, delivered] = reports();
    await recordAll(db, [delivered]);
    await recordAll(db, [refused]);
    await recordAll(db, [{ ...refused, run: { ...refused.run, revision: delivered.run.revision } }]);
    expect((await findRun(db, "alice", RUN_ID))?.run).toEqual(delivered.run);
  });
});

describe("a run is charged once", () => {
  it("even if a second try to book it names another time", async () => {
    const run = madeRun({ runId: RUN_ID });
    const late = { ...chargeOf(run), chargedAtMs: NOON_MS + 60_000 };
    await recordAll(db, [{ run, attempt: null, charge: chargeOf(run) }]);
    await recordAll(db, [{ run: { ...run, revision: 9 }, attempt: null, charge: late }]);
    await recordAll(db, [{ run: { ...run, revision: 1 }, attempt: null, charge: late }]);
    expect((await books(db)).charges.map(({ charged_at_ms }) => charged_at_ms)).toEqual([NOON_MS + 2_000]);
  });

  it("even if its charge comes after a later report", async () => {
    const run = madeRun({ runId: RUN_ID });
    await recordAll(db, [{ run: { ...run, revision: 9 }, attempt: null, charge: null }]);
    await recordAll(db, [{ run, attempt: null, charge: chargeOf(run) }]);
    const { runs, charges } = await books(db);
    expect(charges).toHaveLength(1);
    expect(runs).toMatchObject([{ revision: 9, charged_at_ms: NOON_MS + 2_000 }]);
  });
});

describe("another user", () => {
  it("sees nothing of a run", async () => {
    await recordAll(db, [entryOf({ runId: RUN_ID })]);
    expect(await findRun(db, "bob", RUN_ID)).toBeNull();
    expect(await findRun(db, "", RUN_ID)).toBeNull();
    expect((await findRun(db, "alice", RUN_ID))?.attempts).toHaveLength(1);
  });

  it("changes nothing of a run whose id an upstream gave out twice", async () => {
    await recordAll(db, [entryOf({ runId: RUN_ID })]);
    const before = await books(db);
    const stolen = entryOf({ runId: RUN_ID, userKey: "bob", revision: 99, state: "dead" });
    const attempt = attemptOf(stolen.run, { number: 2 });
    await recordAll(db, [stolen, { ...stolen, attempt }]);
    expect(await books(db)).toEqual(before);
  });
});

describe("the books", () => {
  it("give back what was written, to the letter", async () => {
    const texts = {
      callbackUrl: "https://client.example/hook?q=%22&x='--",
      intent: '{"v":1,"subject":"\\u0000\\"’\u{1F600}","n":12345678901234567890}',
      storedActionId: null,
    };
    const run = madeRun({ ...texts, endedAtMs: null, result: null, state: "waiting", attempts: 0 });
    await recordAll(db, [{ run, attempt: null, charge: null }]);
    expect(await findRun(db, "alice", run.runId)).toEqual({ run, attempts: [] });
  });

  it("take a thousand long reports at once", async () => {
    const intent = JSON.stringify({ v: 1, scopes: "é".repeat(2_000) });
    await recordAll(
      db,
      times(1_000, () => entryOf({ intent })),
    );
    const { runs, attempts, charges } = await books(db);
    expect([runs.length, attempts.length, charges.length]).toEqual([1_000, 1_000, 1_000]);
    expect(runs[999].intent).toBe(intent);
  });

  it("take none", async () => {
    expect(await recordAll(db, [])).toBe(0);
  });

  it("take all of a batch or nothing", async () => {
    const broken = { ...entryOf(), attempt: { ...attemptOf(madeRun()), atMs: 1.5 } };
    broken.attempt.runId = broken.run.runId;
    await expect(recordAll(db, [entryOf(), broken])).rejects.toThrow(/cannot store REAL value/);
    expect(await books(db)).toEqual({ runs: [], attempts: [], charges: [] });
  });

  it("show the latest hundred attempts of a run that was sent again and again", async () => {
    const run = madeRun({ attempts: 130 });
    const attempts = times(130, (at) => attemptOf(run, { number: at + 1 }));
    await recordAll(
      db,
      attempts.map((attempt) => ({ run, attempt, charge: null })),
    );
    const numbers = (await findRun(db, "alice", run.runId))?.attempts.map(({ number }) => number);
    expect([numbers?.length, numbers?.at(0), numbers?.at(-1)]).toEqual([100, 31, 130]);
  });
});
