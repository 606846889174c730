// What fails, and what then: the upstream. A gateway of its own process, so that it meets a real network.
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Backend } from "./support/backend.ts";
import { type Answer, Caller, ECHO, parseErrors, toRunId } from "./support/caller.ts";
import { untilState } from "./support/deliveries.ts";
import { freePort } from "./support/environment.ts";
import { type GatewayProcess, startProcess, until } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { Upstream } from "./support/upstream.ts";

const ACCEPTED = "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n";
const SOON_MS = 20_000;
const SECRET = "stack trace of db-17.internal";
const PAGE = `<html><h1>Bad gateway</h1>${SECRET}</html>`;

const UNREACHABLE = problem(503, "service_unavaiable", "Service Unavailable", "could not be reached");
const TOO_SLOW = problem(503, "service_unavaiable", "Service Unavailable", "took too long to answer");
const UNAVAILABLE = problem(503, "service_unavaiable", "Service Unavailable", "temporarily unavailable");

describe("an upstream in trouble", () => {
  let backend: Backend;
  let gateway: GatewayProcess;
  let caller: Caller;
  const known = { idempotency_id: randomUUID() };
  let knownAnswer: string;

  beforeAll(async () => {
    backend = new Backend(await freePort());
    await backend.honest();
    const upstream = `UPSTREAM_URL:http://127.0.0.1:${backend.port}`;
    const soon = ["--var", "UPSTREAM_TIMEOUT_MS:1500", "--var", "CALLBACK_RETRY_SCHEDULE:1,2,4,8,16"];
    gateway = await startProcess({ args: ["--var", upstream, ...soon] });
    caller = await Caller.of(gateway.url);
    knownAnswer = (await caller.start(ECHO, known)).text;
    return async () => {
      await gateway.close();
      await backend.closed();
    };
  });

  it.each<[string, (of: Backend) => Promise<void>, object]>([
    ["is not there", (of) => of.closed(), UNREACHABLE],
    ["breaks every connection", (of) => of.raw((socket) => socket.destroy()), UNREACHABLE],
    [
      "speaks another protocol",
      (of) => of.raw((socket) => socket.end("220 mail.example\r\n\r\n")),
      UNREACHABLE,
    ],
    ["never answers", (of) => of.raw((socket) => socket.resume()), TOO_SLOW],
    ["stops in the middle of an answer", (of) => of.raw(stopInTheMiddle), TOO_SLOW],
    ["answers a byte a second", (of) => of.dripping("", ACCEPTED), TOO_SLOW],
    ["names its run a byte a second", (of) => of.dripping(ACCEPTED, '{"data":{"type":"run"'), TOO_SLOW],
    [
      "is hidden by a proxy's error page",
      (of) => of.answering(502, { "content-type": "text/html" }, PAGE),
      UNAVAILABLE,
    ],
  ])(
    "when it %s, a start fails as the contract says, a known id replays, and a retry starts one run",
    async (_how, turn, expected) => {
      await turn(backend);
      const data = { idempotency_id: randomUUID() };
      expectProblem(await caller.start(ECHO, data), expected);
      const replayed = await caller.start(ECHO, known);
      expect([replayed.status, replayed.text]).toEqual([202, knownAnswer]);
      expect(replayed.headers.get("idempotency-replayed")).toBe("true");

      await backend.honest();
      const runId = toRunId(await caller.start(ECHO, data));
      expect(backend.runUnder(data.idempotency_id)).toBe(runId);
      expect(toRunId(await caller.start(ECHO, data))).toBe(runId);
    },
  );

  it.each<[string, (of: Backend) => Promise<void>]>([
    ["is not there", (of) => of.closed()],
    ["never answers", (of) => of.raw((socket) => socket.resume())],
  ])("when it %s, callbacks of ended runs still go out, with the result as it was", async (_how, turn) => {
    const upstream = await Upstream.listen();
    let isOpen = false;
    const receiver = await Receiver.listen(() => (isOpen ? 204 : 503));
    onTestFinished(() => {
      upstream.close();
      receiver.close();
    });
    await backend.through(upstream.port);
    const data = { callback_url: receiver.url("/hook") };
    const run = upstream.run(toRunId(await caller.start(ECHO, data)));
    upstream.end(run);
    expect(await upstream.push(run)).toBe(202);
    await until("the first attempt", SOON_MS, () => receiver.deliveries.length > 0);

    await turn(backend);
    isOpen = true;
    await untilState(caller, ECHO, run.id, "delivered");
    expect(receiver.deliveries.length).toBeGreaterThan(1);
    expect(new Set(receiver.deliveries.map(({ body }) => body.toString()))).toEqual(new Set([run.ended]));
  });

  it("when it is not there, reads and everything else answer 503 too, and /readyz names it", async () => {
    await backend.closed();
    const stored = `/actions/v1/stored-actions/${ECHO}`;
    expectProblem(await caller.read(ECHO, randomUUID()), UNREACHABLE);
    expectProblem(await caller.call(stored), UNREACHABLE);
    expectProblem(await caller.send("PUT", stored, '{"data":{}}'), UNREACHABLE);
    const ready = await caller.call("/readyz");
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.text)).toMatchObject({
      dependencies: { gate: "ok", kv: "ok", upstream: "failing" },
    });
  });
});

function stopInTheMiddle(socket: Socket): void {
  socket.once("data", () => socket.write(`${ACCEPTED}{"data":`));
}

function problem(status: number, code: string, title: string, detail: string): object {
  return { status, code, title, detail: expect.stringContaining(detail), source: null };
}

function expectProblem(answer: Answer, expected: object): void {
  expect(parseErrors(answer)).toEqual([expected]);
  expect(answer.headers.get("retry-after")).toBe(answer.status === 503 ? "1" : null);
  expect(answer.text).not.toMatch(/internal|stack|127\.0\.0\.1/);
}
