import { beforeEach, describe, expect, it } from "vitest";
import { placeOf } from "../../src/console/place.ts";
import { parseRunQuery } from "../../src/console/queries.ts";
import { type RunQuery, searchRuns } from "../../src/console/run-search.ts";
import { recordAll } from "../../src/ledger/repository.ts";
import { freshLedger, NOON_MS } from "../support/ledger.ts";
import { times } from "../support/times.ts";
import { ACTION, bookedRun, deadLetter, delivered } from "./bench.ts";

const ANY: RunQuery = {
  runId: null,
  userKey: null,
  storedActionId: null,
  state: null,
  result: null,
  fromMs: null,
  toMs: null,
  after: null,
};

let db: D1Database;

beforeEach(async () => {
  db = await freshLedger();
});

function entry(members: Parameters<typeof bookedRun>[0]) {
  return { run: bookedRun(members), attempt: null, charge: null };
}

async function allOf(query: Partial<RunQuery>): Promise<{ ids: string[]; sizes: number[] }> {
  const ids: string[] = [];
  const sizes: number[] = [];
  let after: RunQuery["after"] = query.after ?? null;
  for (let page = 0; page < 10; page += 1) {
    const { runs, next_cursor } = await searchRuns(db, { ...ANY, ...query, after });
    ids.push(...runs.map(({ run_id }) => run_id));
    sizes.push(runs.length);
    if (next_cursor === null) return { ids, sizes };
    after = placeOf(next_cursor);
  }
  throw new Error("the pages do not end");
}

describe("a page of runs", () => {
  it("shows a run as the books have it", async () => {
    const { run, attempt, charge } = delivered({ runId: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11" });
    await recordAll(db, [{ run, attempt, charge }]);
    expect(await searchRuns(db, ANY)).toStrictEqual({
      runs: [
        {
          run_id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
          user: "alice",
          issuer: "https://login.example",
          subject: "alice",
          stored_action_id: ACTION,
          callback_host: "client.example",
          accepted_at: "2026-11-20T12:00:00.000Z",
          ended_at: "2026-11-20T12:00:02.000Z",
          result: "success",
          state: "delivered",
          attempts: 1,
          next_attempt_at: null,
          charged: true,
        },
      ],
      next_cursor: null,
      searched_to: null,
    });
  });

  it("has fifty, the newest first, and leads on to the others: each of 120 of one millisecond once", async () => {
    const entries = times(120, () => entry({}));
    await recordAll(db, [
      ...entries,
      entry({ acceptedAtMs: NOON_MS + 1 }),
      entry({ acceptedAtMs: NOON_MS - 1 }),
    ]);
    const { ids, sizes } = await allOf({});
    expect(sizes).toEqual([50, 50, 22]);
    expect(ids.slice(1, -1)).toEqual(
      entries
        .map(({ run }) => run.runId)
        .toSorted()
        .toReversed(),
    );
  });

  it("stops after 5,000 runs that do not fit, says how far it looked, and goes on from there", async () => {
    const wanted = entry({ acceptedAtMs: NOON_MS - 6_000, storedActionId: crypto.randomUUID() });
    await recordAll(db, [wanted]);
    for (const at of times(6, (n) => n))
      await recordAll(
        db,
        times(1_000, (n) => entry({ acceptedAtMs: NOON_MS - at * 1_000 - n })),
      );
    const { storedActionId } = wanted.run;
    const first = await searchRuns(db, { ...ANY, storedActionId });
    expect([first.runs, first.searched_to]).toEqual([[], new Date(NOON_MS - 4_999).toISOString()]);
    const second = await searchRuns(db, { ...ANY, storedActionId, after: placeOf(first.next_cursor ?? "") });
    expect(second.runs.map(({ run_id }) => run_id)).toEqual([wanted.run.runId]);
    expect([second.next_cursor, second.searched_to]).toEqual([null, null]);
  });
});

describe("runs are found by", () => {
  const other = crypto.randomUUID();
  const runs = {
    plain: entry({ acceptedAtMs: NOON_MS }),
    bobs: entry({ acceptedAtMs: NOON_MS + 1, userKey: "bob" }),
    other: entry({ acceptedAtMs: NOON_MS + 2, storedActionId: other }),
    oneOff: entry({ acceptedAtMs: NOON_MS + 3, storedActionId: null, result: "error" }),
    dead: deadLetter({ acceptedAtMs: NOON_MS + 4 }),
    bobsDead: deadLetter({ acceptedAtMs: NOON_MS + 5, userKey: "bob" }),
    retrying: entry({ acceptedAtMs: NOON_MS + 6, state: "retrying", nextAttemptAtMs: NOON_MS + 99 }),
    lost: entry({ acceptedAtMs: NOON_MS + 7, state: "dead", result: null }),
  };

  beforeEach(async () => {
    await recordAll(db, Object.values(runs));
  });

  it.each<[string, Partial<RunQuery>, (keyof typeof runs)[]]>([
    ["their id", { runId: runs.bobs.run.runId }, ["bobs"]],
    ["their id and their user", { runId: runs.bobs.run.runId, userKey: "bob" }, ["bobs"]],
    ["their id, but of another user", { runId: runs.bobs.run.runId, userKey: "alice" }, []],
    ["their id, but in another state", { runId: runs.bobs.run.runId, state: "dead" }, []],
    ["their id, but at another time", { runId: runs.bobs.run.runId, toMs: NOON_MS + 1 }, []],
    ["an unknown id", { runId: crypto.randomUUID() }, []],
    ["their user", { userKey: "bob" }, ["bobsDead", "bobs"]],
    ["their user and state", { userKey: "bob", state: "dead" }, ["bobsDead"]],
    ["an unknown user", { userKey: "carol" }, []],
    ["their action", { storedActionId: other }, ["other"]],
    ["dead", { state: "dead" }, ["lost", "bobsDead", "dead"]],
    ["dead of no result", { state: "dead", result: "none" }, ["lost"]],
    ["retrying", { state: "retrying" }, ["retrying"]],
    ["delivered", { state: "delivered" }, ["oneOff", "other", "bobs", "plain"]],
    ["a failure", { result: "error" }, ["oneOff"]],
    ["a time", { fromMs: NOON_MS + 2, toMs: NOON_MS + 4 }, ["oneOff", "other"]],
    ["a time and state", { fromMs: NOON_MS + 5, state: "dead", toMs: NOON_MS + 7 }, ["bobsDead"]],
  ])("%s", async (_name, query, found) => {
    expect((await allOf(query)).ids).toEqual(found.map((name) => runs[name].run.runId));
  });
});

describe("a query", () => {
  it("of empty parameters asks for anything, so that a form can be sent as it is", async () => {
    const empty = { run_id: "", user: "", issuer: "", subject: "", state: "", from: "", cursor: "" };
    expect(await parseRunQuery(empty)).toEqual({ kind: "ok", value: ANY });
  });

  it("takes ids in any case, and a user by issuer and subject", async () => {
    const given = { run_id: ACTION.toUpperCase(), issuer: "https://login.example", subject: "alice" };
    expect(await parseRunQuery(given)).toMatchObject({
      kind: "ok",
      // base64url SHA-256 of ["https://login.example","alice"]
      value: { runId: ACTION, userKey: "lPlCpmHL-rwC7V-FmTGs1YCBKQoiq2r1GDAfRoVWLpM" },
    });
  });

  it.each([
    [{ run_id: "1" }, "run_id", "run_id must be a UUID."],
    [{ stored_action_id: "x" }, "stored_action_id", "stored_action_id must be a UUID."],
    [{ user: "alice" }, "user", "user must be a user key, 43 characters."],
    [{ issuer: "https://login.example" }, "subject", "issuer and subject go together."],
    [{ subject: "alice" }, "issuer", "issuer and subject go together."],
    [{ user: "x".repeat(43), issuer: "i", subject: "s" }, "user", "user and issuer must not both be given."],
    [{ state: "gone" }, "state", "state must be one of retrying, delivered, dead, aborted, none."],
    [{ result: "lost" }, "result", "result must be one of success, error, none."],
    [
      { from: "yesterday" },
      "from",
      "from must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z (in a URL, + is written %2B).",
    ],
    [{ from: "2026-11-02T00:00:00Z", to: "2026-11-01T00:00:00Z" }, "from", "from must not be later than to."],
    [{ cursor: "!" }, "cursor", "cursor must be the next_cursor of a page of the same list."],
  ])("%o names the parameter at fault", async (given, parameter, detail) => {
    expect(await parseRunQuery(given)).toEqual({ kind: "invalid", parameter, detail });
  });
});
