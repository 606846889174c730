import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type AttemptReport,
  type AttemptRequest,
  attemptDelivery,
  readAnswer,
} from "../../src/callbacks/deliver.ts";
import { Drip, Receiver } from "./receiver.ts";

const NOW = Date.parse("2026-11-06T08:49:37Z");
const BODY = '{"type":"run","id":"7d1c","results":[{"n":12345678901234567890,"m":1.10}]}';
const ok = () => new Response("fine");

function request(receiver: AttemptRequest["sender"], parts: Partial<AttemptRequest> = {}): AttemptRequest {
  return {
    callbackUrl: "https://client.example/hook?a=1#top",
    body: new TextEncoder().encode(BODY),
    headers: { "webhook-id": "msg_1", "callback-signature": "a.b.c" },
    rules: { allowPrivate: false, ownHosts: ["actions.example.com"] },
    timeoutMs: 15_000,
    sender: receiver,
    ...parts,
  };
}

function failed(status: number | null, failure: string, retryAfterSeconds: number | null = null) {
  return { kind: "failed", status, failure, retryAfterSeconds };
}

function silence(): Promise<never> {
  return new Promise(() => undefined);
}

/** Checks that the attempt ends then and not a millisecond earlier. The timers must be faked. */
async function reportedAfter(sender: AttemptRequest["sender"], ms: number): Promise<AttemptReport> {
  const attempt = attemptDelivery(request(sender));
  await vi.advanceTimersByTimeAsync(ms - 1);
  expect(await Promise.race([attempt, Promise.resolve("on its way")])).toBe("on its way");
  await vi.advanceTimersByTimeAsync(1);
  return attempt;
}

function later(ms: number, answer: () => Response): () => Promise<Response> {
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return answer();
  };
}

function honouringTheSignal({ signal }: Request): Promise<Response> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
  });
}

describe("the request", () => {
  test("is a POST of exactly the body, with the proofs and a name of ours", async () => {
    const receiver = new Receiver(ok);
    const { outcome, error } = await attemptDelivery(request(receiver));
    expect(outcome).toEqual({ kind: "acknowledged", status: 200 });
    expect(error).toBeNull();
    expect(receiver.received).toHaveLength(1);
    const [sent] = receiver.received;
    expect(sent).toMatchObject({
      url: "https://client.example/hook?a=1",
      method: "POST",
      redirect: "manual",
    });
    expect(new TextDecoder().decode(sent?.body)).toBe(BODY);
    expect(Object.fromEntries(sent?.headers ?? [])).toEqual({
      "content-type": "application/json",
      "user-agent": "edge-actions-callbacks/1",
      "webhook-id": "msg_1",
      "callback-signature": "a.b.c",
    });
  });

  test("has one Content-Type and one User-Agent, whatever comes with the proofs", async () => {
    const receiver = new Receiver(ok);
    await attemptDelivery(
      request(receiver, { headers: { "Content-Type": "text/plain", "USER-AGENT": "another agent" } }),
    );
    expect(receiver.received[0]?.headers.get("content-type")).toBe("application/json");
    expect(receiver.received[0]?.headers.get("user-agent")).toBe("edge-actions-callbacks/1");
  });
});

describe("a destination that the rules refuse today gets no request", () => {
  test.each([
    "http://client.example/hook",
    "https://169.254.169.254/latest/meta-data/",
    "https://ACTIONS.example.com./completions/x",
    "no url",
  ])("%s", async (callbackUrl) => {
    const receiver = new Receiver(ok);
    const report = await attemptDelivery(request(receiver, { callbackUrl }));
    expect(report).toEqual({
      outcome: failed(null, "destination refused"),
      durationMs: 0,
      error: null,
    });
    expect(receiver.received).toEqual([]);
  });

  test("while development may send to its own machine", async () => {
    const receiver = new Receiver(ok);
    const rules = { allowPrivate: true, ownHosts: ["127.0.0.1:8787"] };
    const callbackUrl = "http://127.0.0.1:9999/hook";
    const { outcome } = await attemptDelivery(request(receiver, { rules, callbackUrl }));
    expect(outcome).toEqual({ kind: "acknowledged", status: 200 });
  });
});

describe("the head of the answer decides", () => {
  const ABORT = { "webhook-delivery": "abort-message" };

  test.each([
    [200, {}],
    [299, {}],
    [200, ABORT],
    [200, { "retry-after": "60" }],
  ])("%i %j acknowledges", (status, headers) => {
    expect(readAnswer(status, new Headers(headers), NOW)).toEqual({ kind: "acknowledged", status });
  });

  test.each([
    [410, {}],
    [410, { "retry-after": "60" }],
    [400, ABORT],
    [302, ABORT],
    [503, { "webhook-delivery": " Abort-Message " }],
    [503, { "webhook-delivery": "later, abort-message" }],
  ])("%i %j ends the attempts", (status, headers) => {
    expect(readAnswer(status, new Headers(headers), NOW)).toEqual({ kind: "aborted", status });
  });

  test.each([
    [300, {}, "redirect not followed", null],
    [301, { location: "https://127.0.0.1/" }, "redirect not followed", null],
    [302, { "retry-after": "60" }, "redirect not followed", 60],
    [308, {}, "redirect not followed", null],
    [400, {}, "status is no 2xx", null],
    [409, { "webhook-delivery": "disable" }, "status is no 2xx", null],
    [409, { "webhook-delivery": "abort-messages" }, "status is no 2xx", null],
    [429, { "retry-after": "120" }, "status is no 2xx", 120],
    [429, { "retry-after": "soon" }, "status is no 2xx", null],
    [500, {}, "status is no 2xx", null],
    [503, { "retry-after": "Fri, 06 Nov 2026 08:50:37 GMT" }, "status is no 2xx", 60],
    [503, { "retry-after": "99999999999" }, "status is no 2xx", 1_209_600],
  ])("%i %j is a failed attempt: %s, %s", (status, headers, failure, retryAfterSeconds) => {
    expect(readAnswer(status, new Headers(headers), NOW)).toEqual(failed(status, failure, retryAfterSeconds));
  });
});

describe("a connection that fails is a failed attempt", () => {
  const broken = new Error("Network connection lost.");
  test.each([
    ["a network that rejects", { fetch: () => Promise.reject(broken) }, broken],
    [
      "one that throws",
      {
        fetch: () => {
          throw broken;
        },
      },
      broken,
    ],
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the network throws whatever it likes
    ["one that rejects with no error at all", { fetch: () => Promise.reject("lost") }, "lost"],
  ])("%s", async (_, sender, error) => {
    const report = await attemptDelivery(request(sender));
    expect(report.outcome).toEqual(failed(null, "no connection"));
    expect(report.error).toBe(error);
  });

  test("also where Cloudflare answers, whose status it has, and whose Retry-After is not the receiver's", async () => {
    const headers = { "retry-after": "120" };
    const { outcome } = await attemptDelivery(
      request(new Receiver(() => new Response("", { status: 521, headers }))),
    );
    expect(outcome).toEqual(failed(521, "no connection"));
  });
});

describe("with the clock in hand", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: NOW }));
  afterEach(() => void vi.useRealTimers());

  test.each([
    ["never answers", silence],
    ["ends with the signal", honouringTheSignal],
  ])("a receiver that %s is given up after the time-out", async (_, answer) => {
    const { outcome, durationMs } = await reportedAfter(new Receiver(answer), 15_000);
    expect(outcome).toEqual(failed(null, "no answer in time"));
    expect(durationMs).toBe(15_000);
  });

  test("an answer in the last moment counts, and its duration ends with its head", async () => {
    const receiver = new Receiver(later(14_999, () => new Response(null, { status: 204 })));
    const { outcome, durationMs } = await reportedAfter(receiver, 14_999);
    expect(outcome).toEqual({ kind: "acknowledged", status: 204 });
    expect(durationMs).toBe(14_999);
  });

  test.each([
    [200, { kind: "acknowledged", status: 200 }],
    [503, failed(503, "status is no 2xx")],
  ])("a %i whose body does not end is cut after a second, and stays what it is", async (status, outcome) => {
    const drip = new Drip(1, 1000);
    const report = await reportedAfter(new Receiver(() => new Response(drip.body, { status })), 1_000);
    expect(report).toEqual({ outcome, durationMs: 0, error: null });
    expect(drip.cancelled).toBe(true);
    expect(drip.sentBytes).toBeLessThanOrEqual(1);
  });

  test("head and body share one time-out", async () => {
    const drip = new Drip(1, 1000);
    const receiver = new Receiver(later(14_500, () => new Response(drip.body)));
    const { outcome, durationMs } = await reportedAfter(receiver, 15_000);
    expect(outcome).toEqual({ kind: "acknowledged", status: 200 });
    expect(durationMs).toBe(14_500);
    expect(drip.cancelled).toBe(true);
    expect(drip.sentBytes).toBe(0);
  });

  test("no timer is left behind", async () => {
    await attemptDelivery(request(new Receiver(ok)));
    await attemptDelivery(request({ fetch: () => Promise.reject(new Error("lost")) }));
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the answer's body", () => {
  test("of gigabytes is cut after 16 KB", async () => {
    const flood = new Drip(4096, 0);
    const { outcome } = await attemptDelivery(request(new Receiver(() => new Response(flood.body))));
    expect(outcome).toEqual({ kind: "acknowledged", status: 200 });
    expect(flood.cancelled).toBe(true);
    expect(flood.sentBytes).toBeLessThanOrEqual(5 * 4096);
  });

  test("of 16 KB is taken whole, so that its connection can be used again", async () => {
    let cancelled = false;
    const chunks = [new Uint8Array(8192), new Uint8Array(8192)];
    const body = new ReadableStream({
      type: "bytes",
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel() {
        cancelled = true;
      },
    });
    await attemptDelivery(request(new Receiver(() => new Response(body))));
    expect(chunks).toEqual([]);
    expect(cancelled).toBe(false);
  });

  test("that breaks off does not undo a 2xx", async () => {
    const body = new ReadableStream({
      type: "bytes",
      pull: () => Promise.reject(new Error("connection lost")),
    });
    const { outcome, error } = await attemptDelivery(request(new Receiver(() => new Response(body))));
    expect(outcome).toEqual({ kind: "acknowledged", status: 200 });
    expect(error).toBeNull();
  });
});
