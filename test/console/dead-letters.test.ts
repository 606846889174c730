import { beforeEach, describe, expect, it } from "vitest";
import { type DeadLetterQuery, listDeadLetters } from "../../src/console/dead-letters/query.ts";
import { decodeCursor } from "../../src/operators/cursor.ts";
import { inChunks } from "../../src/platform/chunks.ts";
import { freshIndex, NOON_MS } from "../support/operators-index.ts";
import { times } from "../support/times.ts";
import { indexDeadLetters, indexOverdue, toIndexedDeadLetter } from "./bench.ts";

const ANY_TIME = { fromMs: null, toMs: null, after: null, overdueAfter: null };
const ANY: DeadLetterQuery = { host: null, reason: null, http_status: null, dismissed: false, ...ANY_TIME };

let db: D1Database;

beforeEach(async () => {
  db = await freshIndex();
});

const noonAnd = (second: number) => `2026-11-20T12:00:0${second}.000Z`;
const diedAt = (second: number) => ({ diedAtMs: NOON_MS + second * 1_000 });

describe("dead letters", () => {
  it("are grouped by host, reason and status code, the largest group first", async () => {
    const down = { callbackUrl: "https://down.example:8443/a?b=c" };
    const unread = { result: null, attempts: 0, reason: "the upstream does not know the run" };
    await indexDeadLetters(db, [
      toIndexedDeadLetter({ ...diedAt(1), ...down }),
      toIndexedDeadLetter({ ...diedAt(2), ...down, reason: "no answer in time" }),
      toIndexedDeadLetter({ ...diedAt(3), ...down, attempts: 10 }),
      toIndexedDeadLetter({ ...diedAt(4), reason: "status is no 2xx", status: 503 }),
      toIndexedDeadLetter({ ...diedAt(5), reason: "status is no 2xx", status: 500 }),
      toIndexedDeadLetter({ ...diedAt(0), ...unread, userKey: "bob", callbackUrl: null }),
    ]);
    const seen = await listDeadLetters(db, ANY);
    const down443 = { host: "down.example:8443", status: null };
    expect(seen.groups).toEqual([
      { ...down443, reason: "no connection", dead_letters: 2, oldest_at: noonAnd(1), newest_at: noonAnd(3) },
      {
        host: "client.example",
        reason: "status is no 2xx",
        status: 500,
        dead_letters: 1,
        oldest_at: noonAnd(5),
        newest_at: noonAnd(5),
      },
      {
        host: "client.example",
        reason: "status is no 2xx",
        status: 503,
        dead_letters: 1,
        oldest_at: noonAnd(4),
        newest_at: noonAnd(4),
      },
      {
        ...down443,
        reason: "no answer in time",
        dead_letters: 1,
        oldest_at: noonAnd(2),
        newest_at: noonAnd(2),
      },
      {
        host: null,
        reason: "the upstream does not know the run",
        status: null,
        dead_letters: 1,
        oldest_at: noonAnd(0),
        newest_at: noonAnd(0),
      },
    ]);
    expect(seen.dead_letters.map(({ reason, status }) => [reason, status])).toEqual([
      ["status is no 2xx", 500],
      ["status is no 2xx", 503],
      ["no connection", null],
      ["no answer in time", null],
      ["no connection", null],
      ["the upstream does not know the run", null],
    ]);
    expect(seen.dead_letters[2]).toMatchObject({ host: "down.example:8443", attempts: 10, subject: "alice" });
    expect(seen.dead_letters[5]).toMatchObject({
      user: "bob",
      subject: "bob",
      host: null,
      result: null,
      attempts: 0,
      accepted_at: "2026-11-20T11:59:00.000Z",
      died_at: "2026-11-20T12:00:00.000Z",
    });
    expect([seen.next_cursor, seen.complete, seen.overdue]).toEqual([null, true, []]);
  });

  it.each([
    ["a host", { host: "client.example" }, [0, 1]],
    ["no callback", { host: "-" }, [2]],
    ["a reason", { reason: "no answer in time" }, [1, 2]],
    ["a host and a reason", { host: "client.example", reason: "no answer in time" }, [1]],
    ["a status code", { http_status: 503 }, [1]],
    ["no status", { http_status: "none" }, [0, 2]],
    ["a host with a wildcard", { host: "client%" }, []],
    ["a reason with a wildcard", { reason: "no answer in _ime" }, []],
    ["a time", { fromMs: NOON_MS - 2, toMs: NOON_MS }, [1, 2]],
    ["a host of which there are none", { host: "CLIENT.example" }, []],
  ] as [string, Partial<DeadLetterQuery>, number[]][])("are found by %s", async (_name, query, found) => {
    const indexed = [
      toIndexedDeadLetter({ diedAtMs: NOON_MS }),
      toIndexedDeadLetter({ diedAtMs: NOON_MS - 1, reason: "no answer in time", status: 503 }),
      toIndexedDeadLetter({ diedAtMs: NOON_MS - 2, reason: "no answer in time", callbackUrl: null }),
    ];
    await indexDeadLetters(db, indexed);
    const seen = await listDeadLetters(db, { ...ANY, ...query });
    expect(seen.dead_letters.map(({ run_id }) => run_id)).toEqual(found.map((at) => indexed[at]?.runId));
    expect(seen.groups.reduce((sum, group) => sum + group.dead_letters, 0)).toBe(found.length);
  });

  it("of one host, of one time, come fifty a page, each once", async () => {
    const here = times(120, (n) => toIndexedDeadLetter({ diedAtMs: NOON_MS + n }));
    const there = times(120, (n) =>
      toIndexedDeadLetter({ diedAtMs: NOON_MS + n, callbackUrl: "https://x.example/" }),
    );
    await indexDeadLetters(db, [...here, ...there]);
    const query = { ...ANY, host: "client.example", fromMs: NOON_MS + 5, toMs: NOON_MS + 115 };
    const ids: string[] = [];
    const sizes: number[] = [];
    let after: DeadLetterQuery["after"] = null;
    do {
      const page = await listDeadLetters(db, { ...query, after });
      ids.push(...page.dead_letters.map(({ run_id }) => run_id));
      sizes.push(page.dead_letters.length);
      expect(page.groups.map(({ host, dead_letters: size }) => [host, size])).toEqual([
        ["client.example", 110],
      ]);
      after = page.next_cursor === null ? null : decodeCursor(page.next_cursor);
    } while (after !== null && sizes.length < 9);
    expect(sizes).toEqual([50, 50, 10]);
    const expected = here.slice(5, 115).toReversed();
    expect(ids).toEqual(expected.map(({ runId }) => runId));
  });

  it("lead on to older groups, though more than 2,000 died at one time", async () => {
    const many = times(2_001, () => toIndexedDeadLetter({ diedAtMs: NOON_MS }));
    for (const chunk of inChunks(many, 700)) await indexDeadLetters(db, chunk);
    let toMs: number | null = null;
    for (let pages = 0; pages < 3; pages += 1) {
      const { groups_next_to: next } = await listDeadLetters(db, { ...ANY, toMs });
      toMs = next === null ? null : Date.parse(next);
    }
    expect(toMs).toBeNull();
  });

  it("beyond 2,000 are grouped on the next page, and are reached by the cursor", async () => {
    const many = times(2_100, (n) => toIndexedDeadLetter({ diedAtMs: NOON_MS + n }));
    for (const chunk of inChunks(many, 700)) await indexDeadLetters(db, chunk);
    const rare = toIndexedDeadLetter({ diedAtMs: NOON_MS - 1, callbackUrl: "https://rare.example/" });
    await indexDeadLetters(db, [rare]);
    const query = { ...ANY, host: "rare.example" };
    const first = await listDeadLetters(db, query);
    expect([first.complete, first.dead_letters, first.groups]).toEqual([false, [], []]);
    const newest = await listDeadLetters(db, ANY);
    expect(newest.groups).toMatchObject([{ dead_letters: 2_000 }]);
    const older = await listDeadLetters(db, { ...ANY, toMs: Date.parse(newest.groups_next_to ?? "") });
    expect([older.groups.map((group) => group.dead_letters), older.groups_next_to]).toEqual([[100, 1], null]);
    const second = await listDeadLetters(db, { ...query, after: decodeCursor(first.next_cursor ?? "") });
    expect(second.dead_letters.map(({ run_id }) => run_id)).toEqual([rare.runId]);
    expect(second.next_cursor).toBeNull();
  });
});

describe("overdue runs", () => {
  it("are shown by user, those that have waited longest first, twenty at most", async () => {
    for (const n of times(25, (at) => at)) await indexOverdue(db, `user-${n}`, NOON_MS - n * 1_000, n + 1);
    const { overdue } = await listDeadLetters(db, ANY);
    expect(overdue).toHaveLength(20);
    expect(overdue[0]).toEqual({
      user: "user-24",
      since: "2026-11-20T11:59:36.000Z",
      runs: 25,
      example_run_key: "key of user-24",
    });
  });

  it("go on where the page before ended, each user once", async () => {
    // Many at one moment.
    for (const n of times(45, (at) => at)) await indexOverdue(db, `user-${n}`, NOON_MS - (n % 3) * 1_000, 1);
    const users: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page = await listDeadLetters(db, { ...ANY, overdueAfter: cursor ? decodeCursor(cursor) : null });
      users.push(...page.overdue.map(({ user }) => user));
      cursor = page.overdue_next_cursor;
    }
    expect([users.length, new Set(users).size]).toEqual([45, 45]);
  });
});
