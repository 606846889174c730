// How an isolate's sums reach the aggregator: late, in one call, and once more when that fails.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import gateway from "../../../src/index.ts";
import {
  flushed,
  IsolateSums,
  mayFlush,
  type SumsReceiver,
} from "../../../src/platform/observability/isolate-sums.ts";
import { decodeErrors } from "../../../src/platform/observability/recent-errors.ts";
import { decodeSums } from "../../../src/platform/observability/sums.ts";
import { never } from "../../support/bindings.ts";
import { MINUTE, moveClock, SECOND, stopClock, T0 } from "../../support/clock.ts";
import { ORIGIN } from "../../support/gateway.ts";
import { toServed } from "./counted.ts";

const SOON_MS = 1;

beforeEach(() => stopClock());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** How many requests each call reports. `answer`: the next interval, or a failure. */
class Receiver {
  readonly counts: number[] = [];
  readonly names: string[] = [];
  /** Statuses of the errors that each call reports. */
  readonly errors: (number | null)[][] = [];
  answer: () => Promise<number> = async () => 10 * SECOND;

  readonly namespace: SumsReceiver = {
    getByName: (name) => {
      this.names.push(name);
      return { add: (text, errors) => this.#add(text, errors) };
    },
  };

  #add(text: string, errors: string): Promise<number> {
    this.errors.push(decodeErrors(errors).map(({ status }) => status));
    const counts = decodeSums(text)?.requests.values() ?? [];
    this.counts.push([...counts].reduce((sum, n) => sum + n, 0));
    return this.answer();
  }
}

/** An isolate that counts requests, and whose flush comes after `flushMs`. */
function isolate(flushMs?: number) {
  const sums = new IsolateSums(flushMs);
  const left: Promise<unknown>[] = [];
  const receiver = new Receiver();
  const serve = (n: number, status = 202): void => {
    for (let each = 0; each < n; each += 1) {
      sums.countRequest(toServed({ status }));
      sums.flushSoon({ waitUntil: (work) => void left.push(work) }, receiver.namespace);
    }
  };
  return { receiver, left, serve, settled: () => Promise.all(left) };
}

describe("a flush", () => {
  it("is one for all requests of an interval, and takes those that come until it is made", async () => {
    const { receiver, left, serve, settled } = isolate(20);
    serve(3);
    expect(left).toHaveLength(1);
    // Nothing was called while a request was under way.
    expect(receiver.names).toEqual([]);
    await Promise.resolve();
    serve(2);
    await settled();
    expect(receiver.counts).toEqual([5]);
    serve(1);
    await settled();
    // A stub of its own each time: one that outlives its request fails.
    expect([receiver.counts, receiver.names]).toEqual([
      [5, 1],
      ["all", "all"],
    ]);
  });

  it("waits ten seconds", async () => {
    const { receiver, serve, settled } = isolate();
    const waited = vi.spyOn(scheduler, "wait").mockResolvedValueOnce(undefined);
    serve(1);
    expect(waited.mock.calls[0]).toEqual([10_000]);
    await settled();
    expect(receiver.counts).toEqual([1]);
  });

  it("that fails gives the sums back: the next one takes them too", async () => {
    const { receiver, serve, settled } = isolate(SOON_MS);
    receiver.answer = () => Promise.reject(new Error("moved"));
    serve(2);
    await settled();
    receiver.answer = async () => 10 * SECOND;
    serve(1);
    await settled();
    expect(receiver.counts).toEqual([2, 3]);
  });

  it("takes the latest errors along, ten of a kind at most, and after a failure too", async () => {
    const { receiver, serve, settled } = isolate(SOON_MS);
    receiver.answer = () => Promise.reject(new Error("moved"));
    serve(8, 500);
    serve(2);
    await settled();
    receiver.answer = async () => 10 * SECOND;
    serve(6, 503);
    serve(1, 404);
    await settled();
    const statuses = [...Array.from({ length: 4 }, () => 500), ...Array.from({ length: 6 }, () => 503), 404];
    expect(receiver.errors[1]).toEqual(statuses);
    moveClock(10 * SECOND);
    serve(1);
    await settled();
    expect(receiver.errors[2]).toEqual([]);
  });

  it("that died with its request is followed by another after half a minute, with nothing lost", async () => {
    const { receiver, left, serve } = isolate(SOON_MS);
    vi.spyOn(scheduler, "wait").mockReturnValueOnce(never());
    serve(2);
    moveClock(29 * SECOND);
    serve(1);
    expect(left).toHaveLength(1);
    moveClock(SECOND);
    serve(1);
    expect(left).toHaveLength(2);
    await left[1];
    expect(receiver.counts).toEqual([4]);
  });

  it("comes as late as the aggregator said", async () => {
    const { receiver, left, serve, settled } = isolate(SOON_MS);
    receiver.answer = async () => MINUTE;
    serve(1);
    await settled();
    moveClock(49 * SECOND);
    serve(1);
    expect(left).toHaveLength(1);
    moveClock(SECOND);
    serve(1);
    await settled();
    expect(receiver.counts).toEqual([1, 2]);
  });
});

describe("a request", () => {
  it("leaves a flush behind, and waits for none of it", async () => {
    const context = createExecutionContext();
    const left = vi.spyOn(context, "waitUntil");
    // The flush never ends.
    const waited = vi.spyOn(scheduler, "wait").mockReturnValue(never());
    for (const _ of ["the first", "the second"]) {
      const response = await gateway.fetch(new Request(`${ORIGIN}/healthz`), env, context);
      expect(response.status).toBe(200);
    }
    expect([left.mock.calls.length, waited.mock.calls.length]).toEqual([1, 1]);
  });
});

describe("a flush may begin", () => {
  it.each([
    ["when there was none", { pendingUntilMs: 0, nextFromMs: 0 }, true],
    ["not while one is pending", { pendingUntilMs: T0 + 1, nextFromMs: 0 }, false],
    ["when the pending one is overdue", { pendingUntilMs: T0, nextFromMs: 0 }, true],
    ["not before the interval's last ten seconds", { pendingUntilMs: 0, nextFromMs: T0 + 1 }, false],
    ["when the clock has stepped back by far", { pendingUntilMs: T0 + 31 * SECOND, nextFromMs: 0 }, true],
    ["and so for the interval", { pendingUntilMs: 0, nextFromMs: T0 + 11 * MINUTE }, true],
  ])("%s", (_name, mark, may) => {
    expect(mayFlush(mark, T0)).toBe(may);
  });

  it("after an interval of ten seconds at once, after one that is out of all reason in ten minutes", () => {
    expect(flushed(10 * SECOND, T0)).toEqual({ pendingUntilMs: 0, nextFromMs: T0 });
    expect(flushed(9_999 * MINUTE, T0).nextFromMs).toBe(T0 + 590 * SECOND);
  });
});
