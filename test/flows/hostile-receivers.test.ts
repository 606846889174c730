// Promise 6, at delivery, over the real network: receivers that send the gateway elsewhere, drown it or hold it. A target
// that a gateway with other rules accepted: test/security/callback-delivery.test.ts.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Caller, ECHO, toRunId } from "./support/caller.ts";
import { untilState } from "./support/deliveries.ts";
import { listening, portOf } from "./support/environment.ts";
import { type GatewayProcess, startProcess, until } from "./support/process.ts";
import { Upstream, type UpstreamRun } from "./support/upstream.ts";

const TIMEOUT_MS = 3000;
const CLOSED_WITHIN_MS = 30_000;
/** What the machine's own buffers may swallow before it is read: a fraction of what is sent if nothing stops it. */
const MAX_TAKEN_BYTES = 32 * 1024 * 1024;

let upstream: Upstream;
let gateway: GatewayProcess;
let caller: Caller;
let trap: Server;
let trapped = 0;

beforeAll(async () => {
  upstream = await Upstream.listen();
  trap = await listening(createServer((_request, response) => response.end("private")));
  trap.on("connection", () => (trapped += 1));
  const settings = [
    `UPSTREAM_URL:${upstream.url}`,
    `CALLBACK_TIMEOUT_MS:${TIMEOUT_MS}`,
    "CALLBACK_RETRY_SCHEDULE:1",
    // Only a push has the upstream asked for a run.
    "RUN_POLL_SCHEDULE:600",
  ];
  gateway = await startProcess({ args: settings.flatMap((setting) => ["--var", setting]) });
  caller = await Caller.of(gateway.url);
});

afterAll(async () => {
  await gateway.close();
  upstream.close();
  trap.close().closeAllConnections();
});

describe("a receiver's redirect is not followed", () => {
  it.each([302, 307])("%i", async (status) => {
    const receiver = await hostile((response) =>
      response.writeHead(status, { location: `http://127.0.0.1:${portOf(trap)}/` }).end("leaked"),
    );
    const run = await endedRun(receiver.url);
    const { attempts } = await untilState(caller, ECHO, run.id, "dead");
    const refused = { status, error: "redirect not followed" };
    expect(attempts).toMatchObject([refused, refused]);
    expect([receiver.requests(), trapped]).toEqual([2, 0]);
    await expectNothingSeen(run);
    receiver.close();
  });
});

describe("a receiver's answer", () => {
  it("of gigabytes is cut, and not shown", async () => {
    const chunk = Buffer.alloc(64 * 1024, "leaked ");
    const receiver = await hostile((response) => {
      response.writeHead(200, { "content-type": "text/plain", "x-secret": "leaked" });
      Readable.from(endless(chunk)).pipe(response);
    });
    const run = await endedRun(receiver.url);
    await untilState(caller, ECHO, run.id, "delivered");
    await until("the end of the flood", CLOSED_WITHIN_MS, () => receiver.open() === 0);
    expect(receiver.requests()).toBe(1);
    expect(receiver.takenBytes()).toBeLessThan(MAX_TAKEN_BYTES);
    await expectNothingSeen(run);
    receiver.close();
  });

  it("of a byte a second is cut at the time-out", async () => {
    const receiver = await hostile(async (response) => {
      response.writeHead(200);
      while (!response.destroyed) {
        response.write(".");
        await sleep(1000);
      }
    });
    const run = await endedRun(receiver.url);
    await untilState(caller, ECHO, run.id, "delivered");
    await until("the end of the drip", CLOSED_WITHIN_MS, () => receiver.open() === 0);
    expect(receiver.requests()).toBe(1);
    receiver.close();
  });

  it("that breaks off before its head is a failed attempt", async () => {
    const receiver = await hostile((response) => response.destroy());
    const run = await endedRun(receiver.url);
    const { attempts } = await untilState(caller, ECHO, run.id, "dead");
    const failed = { status: null, error: "no connection" };
    expect(attempts).toMatchObject([failed, failed]);
    receiver.close();
  });
});

describe("a receiver that ends its 2xx before it has the body has acknowledged", () => {
  it.each([1_000, 400_000, 900_000])("only when it was sent all of %i bytes", async (bytes) => {
    const receiver = await hostile(acknowledge, "at once");
    const run = upstream.run(toRunId(await caller.start(ECHO, { callback_url: receiver.url })));
    upstream.end(run);
    run.ended = `{"type":"run","id":"${run.id}","status":"success","results":["${"x".repeat(bytes)}"]}`;
    expect(await upstream.push(run)).toBe(202);
    const { state, attempts } = await untilState(caller, ECHO, run.id, "delivered", "dead");
    expect(attempts.map(({ error }) => error)).toEqual(
      receiver.whole().map((isWhole) => (isWhole ? null : "answered before the end")),
    );
    expect(state).toBe(receiver.whole().at(-1) === true ? "delivered" : "dead");
    receiver.close();
  });
});

/** A run with its callback there, whose end has been pushed. */
async function endedRun(callbackUrl: string): Promise<UpstreamRun> {
  const run = upstream.run(toRunId(await caller.start(ECHO, { callback_url: callbackUrl })));
  upstream.end(run);
  expect(await upstream.push(run)).toBe(202);
  return run;
}

/** Neither by the run's caller nor in the log. */
async function expectNothingSeen({ id }: UpstreamRun): Promise<void> {
  const { text } = await caller.call(`/actions/v1/stored-actions/${ECHO}/runs/${id}/deliveries`);
  expect(text).not.toContain("leaked");
  expect(gateway.output()).not.toContain("leaked");
}

function acknowledge(response: ServerResponse): void {
  response.writeHead(200, { "content-length": 0 }).end();
}

type Hostile = {
  url: string;
  requests: () => number;
  /** Of each request whether all of it came. */
  whole: () => boolean[];
  /** Connections that the gateway has not closed yet. */
  open: () => number;
  takenBytes: () => number;
  close: () => void;
};

/** `when`: it has the whole request, or only its head. */
async function hostile(
  answer: (response: ServerResponse) => unknown,
  when: "at the end" | "at once" = "at the end",
): Promise<Hostile> {
  const [sockets, open] = [new Set<IncomingMessage["socket"]>(), new Set<IncomingMessage["socket"]>()];
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request.on("error", () => undefined));
    if (when === "at once") void answer(response);
    request.resume().on("end", () => when === "at the end" && void answer(response));
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    open.add(socket.on("error", () => undefined).on("close", () => open.delete(socket)));
  });
  await listening(server);
  return {
    url: `http://127.0.0.1:${portOf(server)}/hook`,
    requests: () => requests.length,
    whole: () => requests.map(({ complete }) => complete),
    open: () => open.size,
    takenBytes: () => [...sockets].reduce((all, { bytesWritten }) => all + bytesWritten, 0),
    close: () => server.close().closeAllConnections(),
  };
}

function* endless(chunk: Buffer): Generator<Buffer> {
  for (;;) yield chunk;
}
