// A result of any size is delivered, over the real network and in little memory: what the receiver has in the end is what
// was signed, or it has no whole request. Results over 25 MiB, of which KV takes no copy, are read from the upstream twice.
import { writeFileSync } from "node:fs";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { startedRun } from "./support/callback-runs.ts";
import { Caller, ECHO } from "./support/caller.ts";
import { type DeliveriesView, untilState } from "./support/deliveries.ts";
import { LargeReads, LargeReceiver, type Manner, type Reading, toResult } from "./support/large-results.ts";
import { forFile, forTest, gatewayWith } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { readSecrets, verifyByLibraries } from "./support/stock-libraries.ts";
import { Upstream } from "./support/upstream.ts";
import { findWorkerds, readMemory } from "./support/workerd-memory.ts";

const MIB = 1024 * 1024;
/** More than KV takes. */
const LARGE = toResult(26);
const LARGE_BYTES = 27_262_976;
const WITHIN_MS = 30_000;
/** So often a read is given up because it proves to be large: among other runs, and when the run is alone. */
const FOUND_LARGE = 2;

/** By run. */
const reads = new Map<string, LargeReads>();
const upstream = await forFile(Upstream.listen());
upstream.answerRead = ({ id }, response) => {
  reads
    .get(id)
    ?.answer(response)
    .catch(() => response.destroy());
  return reads.has(id);
};
const settings = {
  UPSTREAM_URL: upstream.url,
  UPSTREAM_TIMEOUT_MS: 4000,
  CALLBACK_TIMEOUT_MS: 2000,
  CALLBACK_RETRY_SCHEDULE: "8,600",
  // Only a push has the upstream asked for a run.
  RUN_POLL_SCHEDULE: 600,
};
const gateway = await forFile(gatewayWith(settings));

describe("a result of more than KV takes", () => {
  it("is delivered whole, with its length and a signature of its hash", async () => {
    const { view, receiver, read, caller } = await delivery([{ body: LARGE }]);
    expect(view.state).toBe("delivered");
    expect(read.count).toBe(FOUND_LARGE + 2);
    const [taken] = receiver.taken;
    expect(taken).toMatchObject({ bytes: LARGE_BYTES, isComplete: true });
    expect(taken?.headers).toMatchObject({
      "content-length": String(LARGE_BYTES),
      "content-type": "application/json",
      "webhook-id": expect.stringMatching(/^run_/),
      "webhook-timestamp": expect.stringMatching(/^\d{10}$/),
    });
    expect(taken?.headers["transfer-encoding"]).toBeUndefined();
    // Ed25519 cannot sign a stream.
    expect(taken?.headers["webhook-signature"]).toMatch(/^v1,[\w+/]{43}=$/);
    const { secret } = await readSecrets(caller);
    const headers = new Headers(
      Object.entries(taken?.headers ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const said = verifyByLibraries(secret, { headers, body: LARGE });
    expect(said).toEqual({ standardwebhooks: "verified", svix: "verified" });
    const keys = createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(String(taken?.headers["callback-signature"]), keys);
    expect(payload).toMatchObject({ jti: taken?.headers["webhook-id"], body_sha256: taken?.sha256 });
  });

  it.each<[string, Reading, string]>([
    ["another last byte", { body: changedAt(LARGE.byteLength - 1) }, "result changed between reads"],
    ["a byte more", { body: Buffer.concat([LARGE, Buffer.from(" ")]) }, "result changed between reads"],
    ["a byte less", { body: LARGE.subarray(0, -1) }, "result changed between reads"],
    ["broken off", { body: LARGE, breakOffAfter: 5 * MIB }, "result could not be read"],
    [
      "stopped before the last byte",
      { body: LARGE, stallAfter: LARGE_BYTES - 1 },
      "result could not be read",
    ],
  ])("is never taken for whole when the second read gives %s", async (_name, second, error) => {
    const { view, receiver } = await delivery([{ body: LARGE }, second]);
    expect(view.attempts).toMatchObject([{ status: null, error }]);
    // It hears of the broken connection in its own time.
    await until("the broken request", WITHIN_MS, () => receiver.taken.length > 0);
    expect(receiver.taken.map(({ isComplete }) => isComplete)).toEqual([false]);
  });

  it("is delivered from an upstream that does not say its length", async () => {
    const { view, receiver } = await delivery([{ body: LARGE, isChunked: true }]);
    expect(view.state).toBe("delivered");
    expect(receiver.taken).toMatchObject([{ bytes: LARGE_BYTES, isComplete: true }]);
    expect(receiver.taken[0]?.headers).toMatchObject({ "content-length": String(LARGE_BYTES) });
  });
});

describe("a result that KV takes", () => {
  it.each<[string, boolean, number]>([
    ["of 25 MiB", false, 25],
    ["of 20 MiB and a length that is not known", true, 20],
  ])(
    "%s is delivered as it was read, though it changes at each read",
    async (_name, isChunked, mebibytes) => {
      const first = { body: toResult(mebibytes, "a"), isChunked };
      const { view, receiver, read } = await delivery([first, { body: toResult(mebibytes, "b") }]);
      expect(view.state).toBe("delivered");
      expect(receiver.taken).toMatchObject([{ bytes: mebibytes * MIB, isComplete: true }]);
      expect(read.count).toBe(FOUND_LARGE + 1);
    },
  );

  it("is delivered later without the upstream", async () => {
    let isOpen = false;
    const { view, receiver, read, untilDelivered } = await delivery(
      [{ body: toResult(2) }],
      async (_request, response, take) => {
        await take();
        response.writeHead(isOpen ? 204 : 503).end();
      },
    );
    expect(view.attempts).toMatchObject([{ status: 503 }]);
    isOpen = true;
    await untilDelivered();
    expect(receiver.taken.map(({ bytes }) => bytes)).toEqual([2 * MIB, 2 * MIB]);
    expect(read.count).toBe(FOUND_LARGE + 1);
  });
});

describe("a receiver", () => {
  it.each<[string, Manner]>([
    ["and keeps the connection", (_request, response) => response.writeHead(413).end()],
    [
      "while it goes on reading",
      (_request, response, take) => {
        response.writeHead(413).write("too large");
        void take();
      },
    ],
  ])("that refuses early stops the sending %s", async (_name, manner) => {
    const { view, receiver, read } = await delivery([{ body: LARGE }], manner);
    expect(view.attempts).toMatchObject([{ status: 413, error: "status is no 2xx" }]);
    // The upstream may hear of the end of its connection after the caller has seen the attempt.
    await until("the end of the last read", WITHIN_MS, () => read.cancelled > FOUND_LARGE);
    expect(read.cancelled).toBe(FOUND_LARGE + 1);
    expect(receiver.taken.filter(({ isComplete }) => isComplete)).toEqual([]);
  });

  it("that acknowledges early and goes on reading gets the rest", async () => {
    const { view, receiver } = await delivery([{ body: LARGE }], async (_request, response, take) => {
      response.writeHead(200).write("thank you");
      await take();
      response.end();
    });
    expect(view.state).toBe("delivered");
    expect(receiver.taken).toMatchObject([{ bytes: LARGE_BYTES, isComplete: true }]);
  });

  it.each<[string, Manner, number | null, string]>([
    ["ends its 2xx early has not been told", endAtOnce, 200, "answered before the end"],
    ["takes nothing is given up", () => undefined, null, "no answer in time"],
    [
      "takes everything and does not answer is given up",
      (_request, _response, take) => take(),
      null,
      "no answer in time",
    ],
    [
      "resets the connection is no connection",
      (request) => request.once("data", () => request.destroy()),
      null,
      "no connection",
    ],
  ])("that %s", async (_name, manner, status, error) => {
    const { view } = await delivery([{ body: LARGE }], manner);
    expect(view.attempts).toMatchObject([{ status, error }]);
  });
});

// The kernel keeps each process's peak (VmHWM), and sets it back when 5 is written to clear_refs: Linux only.
it.skipIf(process.platform !== "linux")("128 MiB are delivered in less than 64 MiB of memory", async () => {
  const fresh = await forTest(gatewayWith(settings));
  // What is loaded once does not count.
  await delivery([{ body: LARGE }], undefined, fresh);
  const [pid = expect.fail("there is no workerd")] = findWorkerds(fresh);
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  const before = readMemory(pid, "VmRSS");
  const { view, receiver } = await delivery([{ body: toResult(128) }], undefined, fresh);
  expect(view.state).toBe("delivered");
  expect(receiver.taken).toMatchObject([{ bytes: 134_217_728, isComplete: true }]);
  const grown = readMemory(pid, "VmHWM") - before;
  console.log(
    `memory of workerd: ${Math.round(before / MIB)} MiB, and ${Math.round(grown / MIB)} MiB at its peak`,
  );
  expect(grown).toBeLessThan(64 * MIB);
});

function endAtOnce(...[, response, take]: Parameters<Manner>): void {
  response.writeHead(200).end();
  void take();
}

type Attempted = {
  /** After the first attempt. */
  view: DeliveriesView;
  receiver: LargeReceiver;
  read: LargeReads;
  caller: Caller;
  untilDelivered: () => Promise<unknown>;
};

/** The first attempt at a run whose reads the upstream answers so, once it has proved to be large. */
async function delivery(
  readings: [Reading, ...Reading[]],
  manner?: Manner,
  { url } = gateway,
): Promise<Attempted> {
  const receiver = await forTest(LargeReceiver.listen(manner));
  const caller = await Caller.of(url);
  const run = await startedRun({ caller, upstream }, { callback_url: receiver.url });
  const read = new LargeReads([...Array<Reading>(FOUND_LARGE).fill(readings[0]), ...readings]);
  reads.set(run.id, read);
  expect(await upstream.push(run)).toBe(202);
  const view = await untilState(caller, ECHO, run.id, "delivered", "retrying");
  return {
    view,
    receiver,
    read,
    caller,
    untilDelivered: () => untilState(caller, ECHO, run.id, "delivered"),
  };
}

/** With one letter of its text in another place, or another blank at its end: JSON all the same. */
function changedAt(at: number): Buffer {
  const body = Buffer.from(LARGE);
  body.write(" ", at);
  return body;
}
