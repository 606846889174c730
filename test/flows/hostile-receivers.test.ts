// Promise 6, at delivery, over the real network: receivers that drown the gateway or hold it. Redirects: conformance.
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { endedRun, startedRun } from "./support/callback-runs.ts";
import { Caller, ECHO } from "./support/caller.ts";
import { deliveriesPath, untilState } from "./support/deliveries.ts";
import { LocalServer } from "./support/local-server.ts";
import { forFile, forTest, gatewayWith } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { Upstream } from "./support/upstream.ts";

const CLOSED_WITHIN_MS = 30_000;
/** What the machine's own buffers may swallow before it is read: a fraction of what is sent if nothing stops it. */
const MAX_TAKEN_BYTES = 32 * 1024 * 1024;

class HostileReceiver extends LocalServer {
  readonly requests: IncomingMessage[] = [];
  takenBytes = 0;
  /** Connections that the gateway has not closed yet. */
  open = 0;

  constructor(answer: (response: ServerResponse) => unknown, isAnsweredAtOnce = false) {
    super((request, response) => {
      this.requests.push(request.on("error", () => undefined));
      if (isAnsweredAtOnce) void answer(response);
      request.resume().on("end", () => !isAnsweredAtOnce && void answer(response));
    });
    this.server.on("connection", (socket) => {
      this.open += 1;
      socket
        .on("error", () => undefined)
        .on("close", () => {
          this.open -= 1;
          this.takenBytes += socket.bytesWritten;
        });
    });
  }
}

const upstream = await forFile(Upstream.listen());
const gateway = await forFile(
  gatewayWith({
    UPSTREAM_URL: upstream.url,
    CALLBACK_TIMEOUT_MS: 3000,
    CALLBACK_RETRY_SCHEDULE: 1,
    // Only a push has the upstream asked for a run.
    RUN_POLL_SCHEDULE: 600,
  }),
);
const caller = await Caller.of(gateway.url);

it.each<[string, (response: ServerResponse) => unknown]>([
  ["of gigabytes", (response) => Readable.from(endless(Buffer.alloc(64 * 1024, "leaked "))).pipe(response)],
  ["of a byte a second", drip],
])("a receiver's answer %s is cut, and not shown", async (_what, answer) => {
  const receiver = await forTest(
    HostileReceiver.listen((response) => {
      response.writeHead(200, { "content-type": "text/plain", "x-secret": "leaked" });
      return answer(response);
    }),
  );
  const { id } = await endedRun({ caller, upstream }, receiver.url);
  await untilState(caller, ECHO, id, "delivered");
  await until("the end of the answer", CLOSED_WITHIN_MS, () => receiver.open === 0);
  expect(receiver.requests).toHaveLength(1);
  expect(receiver.takenBytes).toBeLessThan(MAX_TAKEN_BYTES);
  expect((await caller.call(deliveriesPath(ECHO, id))).text).not.toContain("leaked");
  expect(gateway.output()).not.toContain("leaked");
});

it.each([1_000, 400_000, 900_000])(
  "a receiver that ends its 2xx before it has the body has acknowledged only when it was sent all of %i bytes",
  async (bytes) => {
    const receiver = await forTest(HostileReceiver.listen(acknowledge, true));
    const run = await startedRun({ caller, upstream }, { callback_url: receiver.url });
    run.ended = `{"type":"run","id":"${run.id}","status":"success","results":["${"x".repeat(bytes)}"]}`;
    expect(await upstream.push(run)).toBe(202);
    const { state, attempts } = await untilState(caller, ECHO, run.id, "delivered", "dead");
    const whole = receiver.requests.map(({ complete }) => complete);
    expect(attempts.map(({ error }) => error)).toEqual(
      whole.map((isWhole) => (isWhole ? null : "answered before the end")),
    );
    expect(state).toBe(whole.at(-1) === true ? "delivered" : "dead");
  },
);

function acknowledge(response: ServerResponse): void {
  response.writeHead(200, { "content-length": 0 }).end();
}

async function drip(response: ServerResponse): Promise<void> {
  while (!response.destroyed) {
    response.write(".");
    await sleep(1000);
  }
}

function* endless(chunk: Buffer): Generator<Buffer> {
  for (;;) yield chunk;
}
