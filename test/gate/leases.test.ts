// Who gets a run that a message speaks of. The clock stands still unless a test moves it.
import { beforeEach, describe, expect, it } from "vitest";
import { releaseRun, type Taken, takeRun } from "../../src/gate/leases.ts";
import { reportRun } from "../../src/gate/reports.ts";
import type { Runs } from "../../src/gate/runs.ts";
import { acceptedRun, beginRun } from "../../src/runs/run.ts";
import { HOUR, MINUTE, SECOND, T0 } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { openStore, withStore } from "../support/gate-store.ts";
import { CALLBACK_TERMS } from "../support/terms.ts";
import { times } from "../support/times.ts";
import { ACCEPTED, DUE, KEY, leased, put, report, request, WAITING, withRun } from "./leased.ts";
import { FAILED } from "./observed.ts";

freshForEach();

describe("a run is handed out", () => {
  it("when it is due, with all that a consumer needs", async () => {
    await withRun((runs) => {
      expect(takeRun(runs, request(), DUE - 1)).toEqual({ kind: "none" });
      expect(takeRun(runs, request(), DUE)).toEqual({
        kind: "leased",
        run: {
          runKey: KEY,
          revision: 0,
          runId: "r1",
          terms: CALLBACK_TERMS,
          attemptNumber: 1,
          task: { kind: "poll" },
        },
      });
    });
  });

  it("to one consumer at a time, until its lease ends", async () => {
    await withRun((runs) => {
      leased(takeRun(runs, request(), DUE));
      expect(takeRun(runs, request({ notified: true }), DUE + MINUTE - 1).kind).toBe("none");
      expect(takeRun(runs, request(), DUE + MINUTE).kind).toBe("leased");
    });
  });

  it("for as long as the consumer says that it needs", async () => {
    await withRun((runs) => {
      leased(takeRun(runs, request({ leaseMs: 10 * MINUTE }), DUE));
      expect(runs.index.get(KEY)?.actAtMs).toBe(DUE + 10 * MINUTE);
    });
  });

  it("alone beside three others of its user at most, until one is given back or its lease ends", async () => {
    await withStore(({ runs }) => {
      const keys = ["a", "b", "c", "d", "e", "f"];
      for (const key of keys) put(runs, acceptedRun(`run ${key}`, 0, T0), key);
      const take = (runKey: string, nowMs = DUE, isAlone = true) =>
        takeRun(runs, request({ runKey, isAlone, leaseMs: 10 * MINUTE }), nowMs).kind;
      expect(keys.slice(0, 5).map((key) => take(key))).toEqual([...times(4, () => "leased"), "crowded"]);
      expect(take("f", DUE, false)).toBe("leased");
      runs.drop("a", DUE);
      expect([take("e"), take("e")]).toEqual(["leased", "none"]);
      put(runs, acceptedRun("run a", 0, T0), "a");
      expect(take("a")).toBe("crowded");
      releaseRun(runs, "b", 0, DUE);
      expect([take("a"), take("b", DUE + 5 * SECOND)]).toEqual(["leased", "crowded"]);
      expect(take("b", DUE + 10 * MINUTE)).toBe("leased");
    });
  });

  it("five seconds after it was refused one of the four places, by one message for however many came", async () => {
    await withStore(({ runs }) => {
      const keys = ["a", "b", "c", "d", "e"];
      for (const key of keys) put(runs, acceptedRun(`run ${key}`, 0, T0), key);
      const take = (nowMs: number, runKey = "e") =>
        takeRun(runs, request({ runKey, isAlone: true, leaseMs: 10 * MINUTE, notified: true }), nowMs).kind;
      expect(keys.map((key) => take(T0, key))).toEqual([...times(4, () => "leased"), "crowded"]);
      expect(take(T0 + SECOND)).toBe("crowded");
      // The completion that hurried it is not forgotten.
      expect(runs.index.first()).toMatchObject({
        runKey: "e",
        alone: true,
        dueAtMs: T0,
        actAtMs: T0 + 6 * SECOND,
      });
      runs.drop("a", T0 + SECOND);
      expect(take(T0 + 6 * SECOND)).toBe("leased");
    });
  });

  it("for the delivery of its end, once that was read", async () => {
    await withRun((runs) => {
      const end = { kind: "ended", runId: "r1", result: "error", readAgoMs: 500, bodyKept: true } as const;
      const deferral = { forMs: 5_000, why: "breaker_open" } as const;
      report(runs, leased(takeRun(runs, request(), DUE)), { ...end, attempt: null, deferral }, DUE);
      const task = leased(takeRun(runs, request(), DUE + MINUTE)).task;
      const endedAgoMs = MINUTE + 500;
      expect(task).toEqual({
        kind: "deliver",
        result: "error",
        endedAgoMs,
        bodyKept: true,
        wasDeferred: true,
      });
    });
  });

  it("to no consumer once nothing is owed, nor under a key that there is not", async () => {
    await withRun((runs) => {
      expect(takeRun(runs, request({ runKey: "another" }), DUE).kind).toBe("none");
      runs.drop(KEY, DUE);
      expect(takeRun(runs, request(), DUE).kind).toBe("none");
    });
  });
});

describe("a completion", () => {
  it("without credentials hurries one poll a minute, however many come", async () => {
    await withRun((runs) => {
      const atMs = T0 + HOUR;
      const polled: number[] = [];
      for (let second = 0; second < 150; second += 1) {
        const nowMs = atMs + second * SECOND + 1;
        const indexed = runs.index.get(KEY);
        if (indexed !== null) runs.index.free(indexed, T0 + 24 * HOUR);
        if (takeRun(runs, request({ notified: true }), nowMs).kind === "leased") polled.push(second);
      }
      expect(polled).toEqual([0, 60, 120]);
    });
  });

  it("of an upstream that proved itself hurries each time", async () => {
    await withRun((runs) => {
      for (const nowMs of [T0, T0 + 1, T0 + 2]) {
        const proven = request({ notified: true, hintedRunId: "r1" });
        report(runs, leased(takeRun(runs, proven, nowMs)), WAITING, nowMs);
      }
    });
  });

  it("hurries no attempt at a receiver", async () => {
    await withRun((runs) => {
      const end = { kind: "ended", runId: "r1", result: "success", readAgoMs: 0, bodyKept: false } as const;
      const attempt = { outcome: FAILED, agoMs: 0, durationMs: 1 };
      report(runs, leased(takeRun(runs, request(), DUE)), { ...end, attempt, deferral: null }, DUE);
      expect(takeRun(runs, request({ notified: true, hintedRunId: "r1" }), DUE + 1).kind).toBe("none");
    });
  });
});

describe("a start whose answer is unknown", () => {
  it("is polled under the id that a proven completion names, and keeps it", async () => {
    await withStore(({ runs, storage }) => {
      put(runs, beginRun(T0));
      expect(takeRun(runs, request({ notified: true }), T0).kind).toBe("none");
      const run = leased(takeRun(runs, request({ notified: true, hintedRunId: "r1" }), T0));
      expect([run.runId, run.task]).toEqual(["r1", { kind: "poll" }]);
      expect(openStore(storage).runs.get(KEY)?.run).toMatchObject({ hintedRunId: "r1" });
    });
  });

  it("is not pointed at a run that another row has", async () => {
    await withStore(({ runs }) => {
      put(runs, ACCEPTED, "another");
      put(runs, beginRun(T0));
      const other = leased(takeRun(runs, request({ notified: true, hintedRunId: "r1" }), T0));
      expect([other.runKey, other.runId]).toEqual(["another", "r1"]);
      expect(runs.get(KEY)?.run).toMatchObject({ status: "forwarding", hintedRunId: null });
    });
  });

  it("at which consumers fail, too, goes alone after two failures, and is never abandoned", async () => {
    await withStore(({ runs }) => {
      put(runs, beginRun(T0));
      const kinds = [];
      for (let poll = 0; poll < 8; poll += 1) {
        const nowMs = T0 + (poll + 1) * 24 * HOUR;
        const isAlone = poll >= 2;
        kinds.push(takeRun(runs, request({ notified: true, hintedRunId: "r1", isAlone }), nowMs).kind);
        if (isAlone) kinds.push(takeRun(runs, request({ hintedRunId: "r1" }), nowMs + HOUR).kind);
      }
      expect(kinds.slice(0, 4)).toEqual(["leased", "leased", "leased", "alone"]);
      expect(runs.get(KEY)?.run.status).toBe("forwarding");
    });
  });
});

describe("a failure of a consumer", () => {
  let nowMs = DUE;

  beforeEach(() => {
    nowMs = DUE;
  });

  /** Takes the run as soon as it is due. */
  function takeDue(runs: Runs, isAlone: boolean): Taken {
    nowMs = Math.max(nowMs, runs.index.get(KEY)?.dueAtMs ?? 0);
    return takeRun(runs, request({ isAlone }), nowMs);
  }

  function throwOnce(runs: Runs, isAlone = false): void {
    const { revision } = leased(takeDue(runs, isAlone));
    releaseRun(runs, KEY, revision, nowMs);
  }

  it("is counted on disk, and followed by pauses that grow to an hour", async () => {
    await withStore(({ runs, storage }) => {
      put(runs, ACCEPTED);
      const pauses = [false, false, true, true].map((isAlone) => {
        throwOnce(runs, isAlone);
        return ((runs.index.get(KEY)?.dueAtMs ?? 0) - nowMs) / SECOND;
      });
      expect(pauses).toEqual([5, 60, 600, 3_600]);
      expect(openStore(storage).runs.get(KEY)?.failures).toBe(4);
    });
  });

  it("is not hurried over by a completion", async () => {
    await withRun((runs) => {
      throwOnce(runs);
      const proven = request({ notified: true, hintedRunId: "r1" });
      expect(takeRun(runs, proven, nowMs + 4_999).kind).toBe("none");
      expect(takeRun(runs, proven, nowMs + 5_000).kind).toBe("leased");
    });
  });

  it("twice sends the run to where it is alone, also for an object that starts anew", async () => {
    await withStore(({ runs, storage }) => {
      put(runs, ACCEPTED);
      throwOnce(runs);
      throwOnce(runs);
      expect(runs.index.get(KEY)?.alone).toBe(true);
      expect(takeDue(runs, false)).toEqual({ kind: "alone", runKey: KEY });
      expect(takeRun(openStore(storage).runs, request(), nowMs)).toEqual({ kind: "alone", runKey: KEY });
      expect(takeDue(runs, true).kind).toBe("leased");
    });
  });

  it("without a report is one, too: two beside others, three alone, and then the run is abandoned", async () => {
    await withStore(({ runs, store }) => {
      put(runs, ACCEPTED);
      const kinds: string[] = [];
      for (let take = 0; take < 7; take += 1) {
        nowMs += HOUR;
        kinds.push(takeDue(runs, kinds.includes("alone")).kind);
      }
      expect(kinds).toEqual(["leased", "leased", "alone", "leased", "leased", "leased", "abandoned"]);
      expect(store.endedRuns.find("r1")?.run).toMatchObject({ reason: "poison" });
    });
  });

  it("is forgotten with the first report", async () => {
    await withRun((runs) => {
      throwOnce(runs);
      report(runs, leased(takeDue(runs, false)), WAITING, nowMs);
      expect(runs.get(KEY)?.failures).toBe(0);
    });
  });

  it("of an older state of the run is none", async () => {
    await withRun((runs) => {
      const { revision } = leased(takeRun(runs, request(), DUE));
      releaseRun(runs, KEY, revision + 1, DUE);
      expect(runs.get(KEY)?.failures).toBe(0);
    });
  });

  it("is not a lack of room: that is asked again in five seconds, and costs nothing", async () => {
    await withRun((runs) => {
      for (let again = 0; again < 100; again += 1) {
        report(runs, leased(takeDue(runs, false)), { kind: "crowded" }, nowMs);
        expect(runs.index.get(KEY)?.dueAtMs).toBe(nowMs + 5_000);
      }
      expect(runs.get(KEY)?.failures).toBe(0);
    });
  });
});

it("a report on an older state changes nothing, and says so", async () => {
  await withRun((runs) => {
    expect(reportRun(runs, KEY, 7, WAITING, { nowMs: DUE, random: 0 })).toBeNull();
    expect(reportRun(runs, "another", 0, WAITING, { nowMs: DUE, random: 0 })).toBeNull();
  });
});
