// Finding runs: of one user, among those who were active on some days, and by their ids.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RunQuery } from "../../src/console/runs/run-query.ts";
import { searchRuns } from "../../src/console/runs/run-search.ts";
import { decodeSearchCursor } from "../../src/console/runs/search-cursor.ts";
import type { RunPage } from "../../src/operators/views.ts";
import { replacing, tapped } from "../support/bindings.ts";
import { HOUR, MINUTE, moveClock, stopClock } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { times } from "../support/times.ts";
import { ACTION, indexActive, indexDeadLetters, keepRun, keepRuns, toIndexedDeadLetter } from "./bench.ts";
import { toRun } from "./fixtures.ts";

const ANY_TIME = { fromMs: null, toMs: null, after: null };
const ANYTHING = { run: null, userKey: null, storedActionId: null, state: null, result: null };
const ANY: RunQuery = { ...ANYTHING, host: null, reason: null, httpStatus: null, ...ANY_TIME };
const DAY = 24 * HOUR;
/** 2040-03-10T00:00:00Z, a Saturday. */
const MARCH_10 = Date.UTC(2040, 2, 10);

let db: D1Database;

freshForEach();
beforeEach(() => {
  db = env.OPERATORS_DB;
  stopClock(MARCH_10);
});

function search(query: Partial<RunQuery>, bound: Partial<Env> = {}): Promise<RunPage> {
  const { USER_GATE: gates, OPERATORS_DB: operatorsDb } = { ...env, ...bound };
  return searchRuns({ operatorsDb, gates, nowMs: Date.now() }, { ...ANY, ...query });
}

function idsOf({ runs }: RunPage): string[] {
  return runs.map(({ run_id }) => run_id);
}

async function readAll(query: Partial<RunQuery>): Promise<{ ids: string[]; sizes: number[]; last: RunPage }> {
  const ids: string[] = [];
  const sizes: number[] = [];
  let after: RunQuery["after"] = null;
  for (let pages = 0; pages < 20; pages += 1) {
    const page = await search({ ...query, after });
    ids.push(...idsOf(page));
    sizes.push(page.runs.length);
    if (page.next_cursor === null) return { ids, sizes, last: page };
    after = decodeSearchCursor(page.next_cursor);
    expect(after).not.toBeNull();
  }
  throw new Error("the pages do not end");
}

const whole = (id: string) => ({ id, isWhole: true });

/** Counts what the search asks of gates. */
function countingGates(calls: string[]): Partial<Env> {
  return tapped(env, ({ name, perform }) => {
    if (name.startsWith("USER_GATE")) calls.push(name);
    return perform();
  });
}

/** One run after the other, a minute apart. */
function keepAll(n: number, kept: Parameters<typeof keepRun>[0] = {}): Promise<string[]> {
  return keepRuns(n, kept, MINUTE);
}

describe("a user's runs", () => {
  it("are shown as the gate has them", async () => {
    const runId = await keepRun({ runId: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11" });
    expect(await search({ userKey: "alice" })).toStrictEqual({
      runs: [
        toRun({
          run_id: runId,
          user: "alice",
          issuer: "https://login.example",
          stored_action_id: ACTION,
          callback_host: "client.example",
          accepted_at: "2040-03-10T00:00:00.000Z",
          ended_at: "2040-03-10T00:00:00.000Z",
        }),
      ],
      next_cursor: null,
      searched_to: null,
      progress: null,
    });
  });

  it("are the open ones first, then those that finished last, fifty a page, each once", async () => {
    const finished = await keepAll(120);
    const retrying = await keepRun({ fate: "retrying" });
    const waiting = await keepRun({ fate: "waiting" });
    const { ids, sizes } = await readAll({ userKey: "alice" });
    expect(sizes).toEqual([52, 50, 20]);
    expect(ids.slice(0, 2).toSorted()).toEqual([retrying, waiting].toSorted());
    expect(ids.slice(2)).toEqual(finished.toReversed());
  });

  it("that are rare are looked for among a thousand a page, and the page says how far it looked", async () => {
    const rare = await keepRun({ result: "error" });
    moveClock(MINUTE);
    await keepAll(1_020);
    const calls: string[] = [];
    const query = { userKey: "alice", result: "error" } as const;
    const first = await search(query, countingGates(calls));
    expect([first.runs, calls.length]).toEqual([[], 20]);
    expect(first.searched_to).toBe(new Date(MARCH_10 + 21 * MINUTE).toISOString());
    const second = await search({ ...query, after: decodeSearchCursor(first.next_cursor ?? "") });
    expect(idsOf(second)).toEqual([rare]);
    expect([second.next_cursor, second.searched_to]).toEqual([null, null]);
  });

  it("of a time that is long past are read from its week on, and not beyond it", async () => {
    await keepAll(60);
    vi.setSystemTime(MARCH_10 + 10 * DAY);
    const wanted = await keepRun();
    vi.setSystemTime(MARCH_10 + 30 * DAY);
    await keepAll(200);
    const calls: string[] = [];
    const span = { fromMs: MARCH_10 + 9 * DAY, toMs: MARCH_10 + 11 * DAY };
    const found = await search({ userKey: "alice", ...span }, countingGates(calls));
    expect(idsOf(found)).toEqual([wanted]);
    expect([found.next_cursor, calls.length]).toEqual([null, 1]);
  });
});

describe("runs are found by", () => {
  const other = crypto.randomUUID();
  const kinds = {
    plain: {},
    other: { terms: { target: { kind: "stored", storedActionId: other } } },
    oneOff: { terms: { target: { kind: "one_off" } }, result: "error" },
    noCallback: { terms: { callbackUrl: null } },
    dead: { fate: "dead" },
    aborted: { fate: "aborted" },
    abandoned: { fate: "abandoned" },
    retrying: { fate: "retrying" },
    waiting: { fate: "waiting" },
  } satisfies Record<string, Parameters<typeof keepRun>[0]>;
  type Kind = keyof typeof kinds;

  it.each<[string, Partial<RunQuery>, Kind[]]>([
    ["their action", { storedActionId: other }, ["other"]],
    ["waiting", { state: "waiting" }, ["waiting"]],
    ["retrying", { state: "retrying" }, ["retrying"]],
    ["delivered", { state: "delivered" }, ["oneOff", "other", "plain"]],
    ["dead", { state: "dead" }, ["abandoned", "dead"]],
    ["aborted", { state: "aborted" }, ["aborted"]],
    ["none", { state: "none" }, ["noCallback"]],
    ["a failure", { result: "error" }, ["oneOff"]],
    ["no result", { result: "none" }, ["waiting", "abandoned"]],
    ["dead of no result", { state: "dead", result: "none" }, ["abandoned"]],
    [
      "a time that has passed",
      { fromMs: MARCH_10 + MINUTE, toMs: MARCH_10 + 3 * MINUTE },
      ["oneOff", "other"],
    ],
    [
      "a time that has not ended, which open runs are in",
      { fromMs: MARCH_10 + 6 * MINUTE },
      ["retrying", "waiting", "abandoned"],
    ],
  ])("%s", async (_name, query, found) => {
    const ids: Partial<Record<Kind, string>> = {};
    for (const name of Object.keys(kinds) as Kind[]) {
      ids[name] = await keepRun(kinds[name]);
      moveClock(MINUTE);
    }
    const seen = (await readAll({ userKey: "alice", ...query })).ids;
    expect(seen.toSorted()).toEqual(found.map((name) => ids[name] ?? "").toSorted());
  });
});

describe("without a user", () => {
  it("the runs of those who were active in the last seven days are found, and how many were asked is said", async () => {
    const bobs = await keepRun({ terms: { userKey: "bob" } });
    const open = await keepRun({ terms: { userKey: "bob" }, fate: "retrying" });
    await keepRun({ terms: { userKey: "carol" } });
    await indexActive(db, 204_003, 10, ["bob"]);
    await indexActive(db, 204_003, 2, ["carol"]);
    const page = await search({});
    expect(idsOf(page)).toEqual([open, bobs]);
    expect([page.next_cursor, page.progress]).toEqual([
      null,
      {
        from: "2040-03-03T00:00:00.001Z",
        to: "2040-03-10T00:00:00.001Z",
        searched: 1,
        users: 1,
        counted_all: true,
        unanswered: [],
      },
    ]);
  });

  it("forty gates are asked a page, and each is asked once, over the end of a month too", async () => {
    const users = times(90, (n) => `user-${String(n).padStart(3, "0")}`);
    vi.setSystemTime(Date.UTC(2040, 1, 28, 12));
    const wanted = [await keepRun({ terms: { userKey: "user-070" } })];
    vi.setSystemTime(Date.UTC(2040, 2, 2, 12));
    wanted.push(await keepRun({ terms: { userKey: "user-010" } }));
    await indexActive(db, 204_002, 28, users.slice(30));
    await indexActive(db, 204_003, 2, users.slice(0, 60));
    const calls: string[] = [];
    const first = await search({}, countingGates(calls));
    expect(calls).toEqual(times(40, () => "USER_GATE.listRuns"));
    expect([first.progress?.searched, first.progress?.users]).toEqual([40, 90]);
    const { ids, last } = await readAll({});
    expect(ids).toEqual(wanted.toReversed());
    expect([last.progress?.searched, last.progress?.users]).toEqual([90, 90]);
  });

  it("a user with many runs is gone on with before the next one, and none is shown twice", async () => {
    const many = await keepAll(130, { terms: { userKey: "bob" } });
    const one = await keepRun({ terms: { userKey: "carol" } });
    await indexActive(db, 204_003, 10, ["bob", "carol"]);
    const { ids, sizes, last } = await readAll({});
    expect(sizes).toEqual([50, 50, 31]);
    expect(ids).toEqual([...many.toReversed(), one]);
    expect(last.progress?.searched).toBe(2);
  });

  it("a month of many who were active on other days is gone through a thousand at a time", async () => {
    const users = times(2_100, (n) => `user-${String(n).padStart(4, "0")}`);
    for (const at of [0, 700, 1_400]) await indexActive(db, 204_003, 1, users.slice(at, at + 700));
    const wanted = await keepRun({ terms: { userKey: "user-2050" } });
    await indexActive(db, 204_003, 10, ["user-2050"]);
    const { ids, sizes, last } = await readAll({ fromMs: MARCH_10 });
    expect([ids, sizes]).toEqual([[wanted], [0, 0, 1]]);
    expect([last.progress?.searched, last.progress?.users]).toEqual([1, 1]);
  });

  it("a gate that does not answer is named, and does not hold up the others", async () => {
    const carols = await keepRun({ terms: { userKey: "carol" } });
    await keepRun({ terms: { userKey: "bob" } });
    await indexActive(db, 204_003, 10, ["bob", "carol"]);
    let asked = 0;
    const broken = replacing("USER_GATE.listRuns", ({ perform }) => {
      asked += 1;
      return asked === 1 ? Promise.reject(new Error("down")) : perform();
    });
    const page = await search({}, broken(env));
    expect(idsOf(page)).toEqual([carols]);
    expect(page.next_cursor).toBeNull();
    expect(page.progress).toMatchObject({ unanswered: ["bob"], searched: 2 });
  });

  it("days without an active user have no runs", async () => {
    const page = await search({ fromMs: MARCH_10 - 30 * DAY, toMs: MARCH_10 });
    expect([page.runs, page.next_cursor, page.progress?.users]).toEqual([[], null, 0]);
    const ahead = await search({ fromMs: MARCH_10 + DAY });
    expect([ahead.runs, ahead.next_cursor]).toEqual([[], null]);
  });
});

describe("a run's id", () => {
  it("leads to a dead letter, of whatever day, without asking another gate", async () => {
    const runId = await keepRun({ terms: { userKey: "bob" }, fate: "dead" });
    await indexDeadLetters(db, [toIndexedDeadLetter({ runId, userKey: "bob", diedAtMs: MARCH_10 })]);
    await indexActive(db, 204_003, 10, ["alice", "bob"]);
    moveClock(60 * DAY);
    const calls: string[] = [];
    const page = await search({ run: whole(runId) }, countingGates(calls));
    expect(page.runs).toMatchObject([{ run_id: runId, user: "bob", state: "dead" }]);
    expect([page.progress, page.next_cursor, calls]).toEqual([null, null, ["USER_GATE.findRun"]]);
  });

  it("is looked for in a hundred gates a page, until it is found", async () => {
    const users = times(230, (n) => `user-${String(n).padStart(3, "0")}`);
    const runId = await keepRun({ terms: { userKey: "user-140" } });
    await indexActive(db, 204_003, 9, users);
    const first = await search({ run: whole(runId) });
    expect([first.runs, first.progress?.searched, first.progress?.users]).toEqual([[], 100, 230]);
    const { ids, sizes, last } = await readAll({ run: whole(runId) });
    expect([ids, sizes, last.progress?.searched]).toEqual([[runId], [0, 1], 141]);
  });

  it("of a user is looked up in that gate alone", async () => {
    const runId = await keepRun({ terms: { userKey: "bob" }, fate: "waiting" });
    expect((await search({ run: whole(runId), userKey: "bob" })).runs).toHaveLength(1);
    expect((await search({ run: whole(runId), userKey: "alice" })).runs).toEqual([]);
    expect((await search({ run: whole(runId), userKey: "bob", state: "dead" })).runs).toEqual([]);
  });

  it("that no gate has is looked for to the end", async () => {
    await keepRun();
    await indexActive(db, 204_003, 10, ["alice"]);
    const page = await search({ run: whole(crypto.randomUUID()) });
    expect([page.runs, page.next_cursor, page.progress?.searched]).toEqual([[], null, 1]);
  });
});
