// What fails, and what then: the upstream. A gateway of its own process, so that it meets a real network.
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { type Answer, Caller, ECHO, parseErrors, toRunId } from "./support/caller.ts";
import { freePort } from "./support/environment.ts";
import { forFile, gatewayWith } from "./support/opened.ts";
import { SocketServer } from "./support/socket-server.ts";
import { Upstream } from "./support/upstream.ts";

const HEAD = "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n";
const PAGE = "<html><h1>Bad gateway</h1>stack trace of db-17.internal</html>";
const ERROR_PAGE = `HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n${PAGE}`;

const UNREACHABLE = "could not be reached";
const TOO_SLOW = "took too long to answer";
const UNAVAILABLE = "temporarily unavailable";

const upstream = await forFile(Upstream.listen());
/** Stands before the upstream, or in its place. */
const network = new SocketServer(await freePort());
await network.through(upstream.port);
afterAll(() => network.close());
const gateway = await forFile(
  gatewayWith({ UPSTREAM_URL: `http://127.0.0.1:${network.port}`, UPSTREAM_TIMEOUT_MS: 1500 }),
);
const caller = await Caller.of(gateway.url);
const known = { idempotency_id: randomUUID() };
const knownAnswer = (await caller.start(ECHO, known)).text;

it.each<[string, ((socket: Socket) => unknown) | null, string]>([
  ["is not there", null, UNREACHABLE],
  ["breaks every connection", (socket) => socket.destroy(), UNREACHABLE],
  ["speaks another protocol", (socket) => socket.end("220 mail.example\r\n\r\n"), UNREACHABLE],
  ["never answers", (socket) => socket.resume(), TOO_SLOW],
  ["stops in the middle of an answer", asked((socket) => socket.write(`${HEAD}{"data":`)), TOO_SLOW],
  ["answers a byte a second", drip, TOO_SLOW],
  ["is hidden by a proxy's error page", asked((socket) => socket.end(ERROR_PAGE)), UNAVAILABLE],
])(
  "an upstream that %s: a start fails as the contract says, a known id replays, and a retry starts one run",
  async (_how, treat, detail) => {
    await network.treat(treat);
    const data = { idempotency_id: randomUUID() };
    expectProblem(await caller.start(ECHO, data), detail);
    const replayed = await caller.start(ECHO, known);
    expect([replayed.status, replayed.text]).toEqual([202, knownAnswer]);
    expect(replayed.headers.get("idempotency-replayed")).toBe("true");

    await network.through(upstream.port);
    const runId = toRunId(await caller.start(ECHO, data));
    expect(upstream.run(runId).callersId).toBe(data.idempotency_id);
    expect(toRunId(await caller.start(ECHO, data))).toBe(runId);
  },
);

function asked(answer: (socket: Socket) => unknown): (socket: Socket) => void {
  return (socket) => void socket.once("data", () => answer(socket));
}

async function drip(socket: Socket): Promise<void> {
  for (const byte of HEAD) {
    await sleep(1000);
    if (socket.destroyed) return;
    socket.write(byte);
  }
}

function expectProblem(answer: Answer, detail: string): void {
  const expected = { status: 503, code: "service_unavaiable", title: "Service Unavailable", source: null };
  expect(parseErrors(answer)).toEqual([{ ...expected, detail: expect.stringContaining(detail) }]);
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(answer.text).not.toMatch(/internal|stack|127\.0\.0\.1/);
}
