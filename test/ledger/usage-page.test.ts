import { base64url } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import type { LedgerCharge, LedgerEntry } from "../../src/ledger/entry.ts";
import { recordAll, usagePage } from "../../src/ledger/repository.ts";
import { chargeOf, entryOf, freshLedger, NOON_MS, runOf } from "../support/ledger.ts";
import { times } from "../support/times.ts";

const CHARGED_AT_MS = NOON_MS + 2_000;
const DAY = { fromMs: NOON_MS, toMs: NOON_MS + 86_400_000, limit: 100 };

let db: D1Database;

beforeEach(async () => {
  db = await freshLedger();
});

async function read(span: Partial<typeof DAY> & { cursor?: string } = {}, user = "alice") {
  const page = await usagePage(db, user, { ...DAY, cursor: null, ...span });
  return page.kind === "page" ? page : { charges: [] as LedgerCharge[], nextCursor: page.kind };
}

async function readAll(span: Partial<typeof DAY> = {}): Promise<{ sizes: number[]; ids: string[] }> {
  const sizes: number[] = [];
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page: { charges: LedgerCharge[]; nextCursor: string | null } = await read(
      cursor === null ? span : { ...span, cursor },
    );
    sizes.push(page.charges.length);
    ids.push(...page.charges.map(({ runId }) => runId));
    cursor = page.nextCursor;
  } while (cursor !== null && sizes.length < 10);
  return { sizes, ids };
}

function chargedAt(second: number): LedgerEntry {
  return entryOf({ acceptedAtMs: NOON_MS + second * 1_000 });
}

/** From `fromMs` to `toMs` after the first charge: how long after it each charge came. */
async function shownBetween(fromMs: number, toMs: number): Promise<number[]> {
  const { charges } = await read({ fromMs: CHARGED_AT_MS + fromMs, toMs: CHARGED_AT_MS + toMs });
  return charges.map(({ chargedAtMs }) => chargedAtMs - CHARGED_AT_MS);
}

function cursorOf(value: unknown): string {
  return base64url.encode(JSON.stringify(value));
}

describe("pages", () => {
  it("show each of 250 charges of the same millisecond once", async () => {
    const entries = times(250, () => entryOf());
    await recordAll(db, [...entries, ...times(50, () => entryOf({ userKey: "bob" }))]);
    const { sizes, ids } = await readAll();
    expect(sizes).toEqual([100, 100, 50]);
    expect(ids).toEqual(entries.map(({ run }) => run.runId).toSorted());
  });

  it("end where the charges end, without an empty one", async () => {
    await recordAll(
      db,
      times(200, () => entryOf()),
    );
    expect((await readAll()).sizes).toEqual([100, 100]);
  });

  it("go from the oldest to the newest, whenever they were recorded", async () => {
    const entries = times(30, (at) => entryOf({ acceptedAtMs: NOON_MS + ((at * 7) % 30) * 1_000 }));
    await recordAll(db, entries);
    const { ids } = await readAll({ limit: 4 });
    const oldestFirst = entries.toSorted((a, b) => a.run.acceptedAtMs - b.run.acceptedAtMs);
    expect(ids).toEqual(oldestFirst.map(({ run }) => run.runId));
  });

  it("neither lose nor repeat a charge when others are booked in between", async () => {
    await recordAll(db, [chargedAt(1), chargedAt(3), chargedAt(5)]);
    const first = await read({ limit: 2 });
    await recordAll(db, [chargedAt(0), chargedAt(4)]);
    const rest = await read({ limit: 2, cursor: first.nextCursor ?? "" });
    const seconds = [...first.charges, ...rest.charges].map(
      ({ chargedAtMs }) => (chargedAtMs - CHARGED_AT_MS) / 1_000,
    );
    expect(seconds).toEqual([1, 3, 4, 5]);
  });
});

describe("a span", () => {
  it("has its first millisecond and not its last, so that two in a row show each charge once", async () => {
    await recordAll(
      db,
      [0, 1, 2].map((ms) => entryOf({ acceptedAtMs: NOON_MS + ms })),
    );
    expect(await shownBetween(0, 2)).toEqual([0, 1]);
    expect(await shownBetween(2, 4)).toEqual([2]);
    expect(await shownBetween(1, 1)).toEqual([]);
  });

  it("has the whole billing context of its charges", async () => {
    const run = runOf({ storedActionId: null });
    const billing = { origin: "partner", description: 'a "b", c', exemption_reason: "trial" };
    await recordAll(db, [{ run, attempt: null, charge: chargeOf(run, billing) }]);
    expect((await read()).charges).toEqual([
      {
        runId: run.runId,
        userKey: "alice",
        storedActionId: null,
        chargedAtMs: CHARGED_AT_MS,
        billing: {
          is_billable: true,
          origin: "partner",
          usage_type: "action_run",
          description: 'a "b", c',
          exemption_reason: "trial",
          exemption_details: null,
        },
      },
    ]);
  });

  it("shows nothing of anybody else", async () => {
    await recordAll(db, [entryOf()]);
    expect((await read({}, "bob")).charges).toEqual([]);
    expect((await read({}, "alic")).charges).toEqual([]);
  });
});

describe("a bad cursor is refused", () => {
  it.each([
    ["no base64url", "!"],
    ["no JSON", base64url.encode("nonsense")],
    ["no UTF-8", base64url.encode(new Uint8Array([0xff, 0xfe]))],
    ["no pair", cursorOf({ chargedAtMs: 1 })],
    ["no time", cursorOf(["1", "a"])],
    ["no whole time", cursorOf([CHARGED_AT_MS + 0.5, "a"])],
    ["no run", cursorOf([CHARGED_AT_MS, 1])],
    ["something more", cursorOf([CHARGED_AT_MS, "a", "b"])],
    ["another spelling", `${cursorOf([CHARGED_AT_MS, "a"])}=`],
    ["a time before the span", cursorOf([NOON_MS - 1, "a"])],
    ["a time after the span", cursorOf([NOON_MS + 86_400_000, "a"])],
  ])("%s", async (_name, cursor) => {
    expect(await usagePage(db, "alice", { ...DAY, cursor })).toEqual({ kind: "bad_cursor" });
    expect((await read({ cursor: cursorOf([CHARGED_AT_MS, "a"]) })).nextCursor).toBeNull();
  });
});
