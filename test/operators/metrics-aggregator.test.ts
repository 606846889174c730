// The aggregator in workerd: minutes become hours, what is old goes, and an eviction loses ten seconds at most.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { metricsAggregator, type StoredSums, type Unit } from "../../src/operators/metrics-aggregator.ts";
import {
  addErrors,
  encodeErrors,
  type RecentErrors,
  toRequestError,
} from "../../src/platform/observability/recent-errors.ts";
import { countRequest, decodeSums, emptySums, encodeSums } from "../../src/platform/observability/sums.ts";
import { toServed } from "../platform/observability/counted.ts";
import { HOUR, MINUTE, moveClock, SECOND, stopClock, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { times } from "../support/times.ts";

freshForEach();
beforeEach(() => stopClock(T0));

const aggregator = () => metricsAggregator(env.METRICS_AGGREGATOR);

/** An isolate reports so many requests. */
async function report(requests: number, members: Parameters<typeof toServed>[0] = {}): Promise<number> {
  const sums = emptySums();
  for (let n = 0; n < requests; n += 1) countRequest(sums, toServed(members));
  return aggregator().add(encodeSums(sums));
}

/** When, after the beginning, and how many requests. */
function requestsIn(rows: StoredSums[]): [afterMs: number, requests: number][] {
  return rows.map(({ atMs, sums }) => {
    const counts = decodeSums(sums)?.requests.values() ?? [];
    return [atMs - T0, [...counts].reduce((sum, n) => sum + n, 0)];
  });
}

async function read(unit: Unit, fromMs = T0): Promise<[number, number][]> {
  return requestsIn((await aggregator().read(unit, fromMs)).rows);
}

/** What the object's own storage says. */
async function stored<Row extends Record<string, SqlStorageValue>>(sql: string): Promise<Row[]> {
  return runInDurableObject(aggregator(), (_object, { storage }) => [...storage.sql.exec<Row>(sql)]);
}

async function count(what: string): Promise<number | undefined> {
  return (await stored<{ n: number }>(`SELECT ${what} AS n`))[0]?.n;
}

const MINUTES = "(SELECT count(*) FROM minutes)";
const HOURS = "(SELECT count(*) FROM hours)";

describe("sums of many isolates", () => {
  it("become one minute, and the next minute is another", async () => {
    await Promise.all(times(20, () => report(3)));
    moveClock(59 * SECOND);
    await report(1);
    moveClock(SECOND);
    await report(5);
    expect(await read("minutes")).toEqual([
      [0, 61],
      [MINUTE, 5],
    ]);
  });

  it("of a version that is not known yet change nothing, and get an answer", async () => {
    expect(await aggregator().add('{"v":2}')).toBe(10_000);
    expect(await read("minutes")).toEqual([[0, 0]]);
  });

  it("are read from a moment on", async () => {
    for (const n of [1, 2, 3]) {
      await report(n);
      moveClock(MINUTE);
    }
    expect(await read("minutes", T0 + MINUTE)).toEqual([
      [MINUTE, 2],
      [2 * MINUTE, 3],
      [3 * MINUTE, 0],
    ]);
  });
});

describe("hours", () => {
  it("are made of their minutes once they are over; the current one is its minutes", async () => {
    await report(1);
    moveClock(59 * MINUTE);
    await report(2);
    moveClock(MINUTE);
    await report(4);
    moveClock(MINUTE);
    await report(8);
    expect(await read("hours")).toEqual([
      [0, 3],
      [HOUR, 4],
      [HOUR + MINUTE, 8],
    ]);
  });

  it("are whole though no call came at their end, and the object has left its memory", async () => {
    await report(1);
    moveClock(MINUTE);
    await report(2);
    await evict(aggregator());
    moveClock(3 * HOUR);
    expect(await read("hours")).toEqual([
      [0, 3],
      [3 * HOUR + MINUTE, 0],
    ]);
  });

  it("add up latencies and users, too", async () => {
    await report(2, { total_ms: 32 });
    moveClock(MINUTE);
    await report(1, { total_ms: 1_024, user: "bob" });
    moveClock(HOUR);
    const [hour] = (await aggregator().read("hours", T0)).rows;
    const sums = decodeSums(hour?.sums ?? "") ?? emptySums();
    expect([...sums.requestMs]).toEqual([
      [40, 2],
      [80, 1],
    ]);
    expect([...sums.users]).toEqual([
      ["alice", 2],
      ["bob", 1],
    ]);
  });
});

describe("what is kept", () => {
  it("is minutes for a day and hours for a week", async () => {
    for (let hour = 0; hour < 8 * 24; hour += 1) {
      await report(1);
      moveClock(HOUR);
    }
    const kept = await read("hours", 0);
    expect([kept.length, kept[0]]).toEqual([7 * 24 + 1, [24 * HOUR, 1]]);
    // One a hour in this test.
    expect([await count(MINUTES), await count(HOURS)]).toEqual([24, 7 * 24]);
  });

  it("goes with the next call after a long silence", async () => {
    await report(1);
    moveClock(9 * 24 * HOUR);
    await report(1);
    expect([await count(MINUTES), await count(HOURS)]).toEqual([1, 0]);
  });

  it("says since when it counts, and goes on saying it", async () => {
    await report(1);
    moveClock(HOUR);
    await evict(aggregator());
    expect((await aggregator().read("hours", 0)).sinceMs).toBe(T0);
  });
});

describe("an eviction", () => {
  it("loses nothing that was reported ten seconds apart", async () => {
    await report(3);
    moveClock(10 * SECOND);
    await report(4);
    await evict(aggregator());
    await report(5);
    expect(await read("minutes")).toEqual([[0, 12]]);
  });

  it("loses what came since the last write, and that is ten seconds ago at most", async () => {
    await report(3);
    moveClock(9 * SECOND);
    await report(4);
    expect(await writtenMinute()).toBe(3);
    // Timers go on: the write is due in a second.
    await vi.waitFor(async () => expect(await writtenMinute()).toBe(7), { timeout: 10_000 });
  });
});

/** How many requests the row of the first minute has, whatever the object has in memory. */
async function writtenMinute(): Promise<number | undefined> {
  const rows = await stored<{ sums: string }>(`SELECT sums FROM minutes WHERE at_ms = ${T0}`);
  return requestsIn(rows.map(({ sums }) => ({ atMs: T0, sums })))[0]?.[1];
}

const failedWith = (atMs: number, status: number) => {
  const error = toRequestError(
    toServed({ status, outcome: "x" }),
    { action: null, code: null, upstreamStatus: null },
    atMs,
  );
  return error === null ? [] : [error];
};
const addErrorsOf = (atMs: number, status: number, n = 1) => {
  const errors: RecentErrors = new Map();
  for (let at = 0; at < n; at += 1) addErrors(errors, failedWith(atMs + at, status), 500);
  return aggregator().add(encodeSums(emptySums()), encodeErrors(errors));
};
const keptErrors = async () => (await aggregator().errors()).map(({ atMs, status }) => [atMs - T0, status]);

describe("the latest errors", () => {
  it("are a hundred of each kind, the latest first, and outlive an eviction", async () => {
    await addErrorsOf(T0, 503);
    moveClock(10 * SECOND);
    await addErrorsOf(T0 + 1, 404, 120);
    await evict(aggregator());
    const errors = await keptErrors();
    expect([errors.length, errors[0], errors[99], errors[100]]).toEqual([
      101,
      [120, 404],
      [21, 404],
      [0, 503],
    ]);
  });

  it("that came since the last write are lost with the object's memory, and no others", async () => {
    await addErrorsOf(T0, 503);
    moveClock(SECOND);
    await addErrorsOf(T0 + SECOND, 503);
    expect(await keptErrors()).toHaveLength(2);
    await evict(aggregator());
    expect(await keptErrors()).toEqual([[0, 503]]);
  });

  it("are shown for a week", async () => {
    await addErrorsOf(T0, 503);
    moveClock(7 * 24 * HOUR);
    expect(await keptErrors()).toHaveLength(1);
    moveClock(SECOND);
    expect(await keptErrors()).toEqual([]);
  });

  it("need not be given: an isolate of the version before has none", async () => {
    expect(await aggregator().add(encodeSums(emptySums()))).toBe(10_000);
    expect(await keptErrors()).toEqual([]);
  });
});

describe("rows are written", () => {
  it("once in ten seconds, however many isolates call", async () => {
    await report(1);
    const before = (await count("total_changes()")) ?? 0;
    for (let second = 0; second < 60; second += 1) {
      moveClock(SECOND);
      await Promise.all(times(10, () => report(1)));
    }
    // Six for the ten-second marks, and one that ends the first minute.
    expect(await count("total_changes()")).toBe(before + 7);
  });
});
