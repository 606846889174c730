// A result of any size is delivered, over the real network and in little memory: what the receiver has in the end is what
// was signed, or it has no whole request. Results over 25 MiB, of which KV takes no copy, are read from the upstream twice.
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Delivered,
  deliver,
  keptBytes,
  LargeReceiver,
  LargeUpstream,
  type Manner,
  type Order,
  type Reading,
  resultOf,
} from "./support/large-results.ts";
import { type GatewayProcess, startProcess, until } from "./support/process.ts";

const CALLBACK_TIMEOUT_MS = 2_000;
const MIB = 1024 * 1024;
/** More than KV takes. */
const LARGE = resultOf(26);

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startLargeResults();
});

afterAll(() => gateway.close());

describe("a result of more than KV takes", () => {
  it("is delivered whole, with its length and a signature of its hash", async () => {
    const { outcome, receiver, upstream } = await delivery([{ body: LARGE }]);
    expect(outcome).toEqual({ kind: "acknowledged", status: 204 });
    expect(upstream.reads).toBe(2);
    const [taken] = receiver.taken;
    expect(taken).toMatchObject({ bytes: 27_262_976, isComplete: true });
    expect(taken?.headers).toMatchObject({
      "content-length": "27262976",
      "content-type": "application/json",
      "webhook-id": expect.stringMatching(/^run_/),
      "webhook-timestamp": expect.stringMatching(/^\d{10}$/),
    });
    expect(taken?.headers["transfer-encoding"]).toBeUndefined();
    // Ed25519 cannot sign a stream.
    expect(taken?.headers["webhook-signature"]).toBeUndefined();
    const keys = createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(String(taken?.headers["callback-signature"]), keys);
    expect(payload).toMatchObject({ jti: taken?.headers["webhook-id"], body_sha256: taken?.sha256 });
  });

  it.each<[string, Reading, string]>([
    ["the first byte is another one", { body: changedAt(0) }, "result changed between reads"],
    [
      "the last byte is another one",
      { body: changedAt(LARGE.byteLength - 1) },
      "result changed between reads",
    ],
    ["a byte more", { body: Buffer.concat([LARGE, Buffer.from(" ")]) }, "result changed between reads"],
    ["a block more", { body: Buffer.concat([LARGE, Buffer.alloc(MIB)]) }, "result changed between reads"],
    ["a byte less", { body: LARGE.subarray(0, -1) }, "result changed between reads"],
    ["broken off", { body: LARGE, breakOffAfter: 5 * MIB }, "result could not be read"],
    ["stopped", { body: LARGE, stallAfter: 5 * MIB }, "result could not be read"],
    [
      "stopped before the last byte",
      { body: LARGE, stallAfter: LARGE.byteLength - 1 },
      "result could not be read",
    ],
  ])("is never taken for whole when the second read gives %s", async (_name, second, failure) => {
    const { outcome, receiver } = await delivery([{ body: LARGE }, second], undefined, {
      blockTimeoutMs: 1_000,
    });
    expect(outcome).toEqual({ kind: "failed", status: null, failure, retryAfterSeconds: null });
    // It hears of the broken connection in its own time.
    await until("the broken request", 30_000, () => receiver.taken.length > 0);
    expect(receiver.taken.map(({ isComplete }) => isComplete)).toEqual([false]);
  });

  it("is never taken for whole when the second read gives nothing: its connection may end before it has begun", async () => {
    const { outcome, receiver } = await delivery([{ body: LARGE }, { body: Buffer.alloc(0) }]);
    const failure = "result changed between reads";
    expect(outcome).toEqual({ kind: "failed", status: null, failure, retryAfterSeconds: null });
    expect(receiver.taken.filter(({ isComplete }) => isComplete)).toEqual([]);
  });

  it("is no result when the first read breaks off", async () => {
    const { read, receiver } = await delivery([{ body: LARGE, breakOffAfter: 5 * MIB }]);
    expect(read).toEqual({ kind: "unseen", unknown: false });
    expect(receiver.taken).toEqual([]);
  });

  it("is delivered from an upstream that does not say its length", async () => {
    const { outcome, receiver, read, runId } = await delivery([{ body: LARGE, isChunked: true }]);
    expect(outcome).toEqual({ kind: "acknowledged", status: 204 });
    expect(receiver.taken).toMatchObject([{ bytes: 27_262_976, isComplete: true }]);
    expect(receiver.taken[0]?.headers).toMatchObject({ "content-length": "27262976" });
    expect(read).toMatchObject({ isKept: false });
    expect(await keptBytes(gateway.url, runId)).toBeNull();
  });
});

describe("a result that KV takes", () => {
  it.each<[string, boolean, number]>([
    ["of 2 MiB", false, 2],
    ["of 25 MiB", false, 25],
    ["of 20 MiB and a length that is not known", true, 20],
  ])(
    "%s is delivered as it was read first, though it changes at each read",
    async (_name, isChunked, mebibytes) => {
      const first = { body: resultOf(mebibytes, "a"), isChunked };
      const { outcome, receiver, read, upstream, runId } = await delivery([
        first,
        { body: resultOf(mebibytes, "b") },
      ]);
      expect(outcome).toEqual({ kind: "acknowledged", status: 204 });
      expect(receiver.taken).toMatchObject([{ bytes: mebibytes * MIB, isComplete: true }]);
      expect(read).toMatchObject({ isKept: true });
      expect(upstream.reads).toBe(1);
      expect(await keptBytes(gateway.url, runId)).toBe(mebibytes * MIB);
    },
  );

  it("is delivered later without the upstream", async () => {
    const runId = randomUUID();
    const failed = await delivery(
      [{ body: resultOf(2) }],
      (_request, response, take) => {
        void take();
        response.writeHead(503).end();
      },
      { runId },
    );
    expect(failed.outcome).toMatchObject({ kind: "failed", status: 503 });
    const later = await delivery([], undefined, { runId, isKept: true });
    expect(later.outcome).toEqual({ kind: "acknowledged", status: 204 });
    expect(later.receiver.taken).toMatchObject([{ bytes: 2 * MIB, isComplete: true }]);
    expect(later.upstream.reads).toBe(0);
  });
});

describe("a receiver", () => {
  const tooLarge = { kind: "failed", status: 413, failure: "status is no 2xx", retryAfterSeconds: null };

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
    const { outcome, receiver, upstream } = await delivery([{ body: LARGE }], manner);
    expect(outcome).toEqual(tooLarge);
    expect(upstream.cancelled).toBe(1);
    expect(receiver.taken.filter(({ isComplete }) => isComplete)).toEqual([]);
  });

  it("that ends its 2xx early has not been told", async () => {
    const { outcome } = await delivery([{ body: LARGE }], (_request, response, take) => {
      response.writeHead(200).end();
      void take();
    });
    const failure = "answered before the end";
    expect(outcome).toEqual({ kind: "failed", status: 200, failure, retryAfterSeconds: null });
  });

  it("that acknowledges early and goes on reading gets the rest", async () => {
    const { outcome, receiver } = await delivery([{ body: LARGE }], async (_request, response, take) => {
      response.writeHead(200).write("thank you");
      await take();
      response.end();
    });
    expect(outcome).toEqual({ kind: "acknowledged", status: 200 });
    expect(receiver.taken).toMatchObject([{ bytes: 27_262_976, isComplete: true }]);
  });

  const late = { kind: "failed", status: null, failure: "no answer in time", retryAfterSeconds: null };

  it.each<[string, Manner, Partial<Order>]>([
    ["takes nothing", () => undefined, {}],
    ["takes everything and does not answer", (_request, _response, take) => void take(), {}],
    ["takes a little at a time", drip, { withinMs: 4_000 }],
  ])("that %s is given up", async (_name, manner, order) => {
    const { outcome } = await delivery([{ body: LARGE }], manner, order);
    expect(outcome).toEqual(late);
  });

  it("that resets the connection is no connection", async () => {
    const { outcome } = await delivery([{ body: LARGE }], (request) => {
      request.once("data", () => request.destroy());
    });
    expect(outcome).toEqual({
      kind: "failed",
      status: null,
      failure: "no connection",
      retryAfterSeconds: null,
    });
  });
});

// The kernel keeps each process's peak (VmHWM), and sets it back when 5 is written to clear_refs: Linux only.
it.skipIf(process.platform !== "linux")("128 MiB are delivered in less than 64 MiB of memory", async () => {
  const fresh = await startLargeResults();
  try {
    // What is loaded once does not count.
    await deliveryBy(fresh, [{ body: resultOf(26) }]);
    const pid = findWorkerd(fresh);
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
    const before = readMemory(pid, "VmRSS");
    const { outcome, receiver } = await deliveryBy(fresh, [{ body: resultOf(128) }]);
    expect(outcome).toEqual({ kind: "acknowledged", status: 204 });
    expect(receiver.taken).toMatchObject([{ bytes: 134_217_728, isComplete: true }]);
    const grown = readMemory(pid, "VmHWM") - before;
    console.log(
      `memory of workerd: ${Math.round(before / MIB)} MiB, and ${Math.round(grown / MIB)} MiB more at its peak`,
    );
    expect(grown).toBeLessThan(64 * MIB);
  } finally {
    await fresh.close();
  }
});

type Ended = Delivered & {
  runId: string;
  outcome: object | undefined;
  upstream: LargeUpstream;
  receiver: LargeReceiver;
};

function startLargeResults(): Promise<GatewayProcess> {
  const settings = ["--var", `CALLBACK_TIMEOUT_MS:${CALLBACK_TIMEOUT_MS}`];
  return startProcess({ args: ["--gateway", "large-results", ...settings] });
}

function delivery(readings: Reading[], manner?: Manner, order?: Partial<Order>): Promise<Ended> {
  return deliveryBy(gateway, readings, manner, order);
}

async function deliveryBy(
  { url }: GatewayProcess,
  readings: Reading[],
  manner?: Manner,
  order: Partial<Order> = {},
): Promise<Ended> {
  const [upstream, receiver] = [await LargeUpstream.listen(...readings), await LargeReceiver.listen(manner)];
  const { runId = randomUUID() } = order;
  try {
    const delivered = await deliver(url, upstream, receiver, { ...order, runId });
    return { ...delivered, runId, outcome: delivered.delivered?.outcome, upstream, receiver };
  } finally {
    upstream.close();
    receiver.close();
  }
}

/** With one letter of its text in another place, or another blank at its end: JSON all the same. */
function changedAt(at: number): Buffer {
  const body = Buffer.from(LARGE);
  body.write(" ", at);
  return body;
}

/** Each piece soon enough, and the whole much too late. */
function drip(...[request]: Parameters<Manner>): void {
  request.on("error", () => undefined);
  request.on("data", () => {
    request.pause();
    setTimeout(() => request.resume(), 50);
  });
}

function readMemory(pid: string, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`there is no ${field}`);
  return Number(kibibytes) * 1024;
}

function findWorkerd(process: GatewayProcess): string {
  const pid = readdirSync("/proc").find((name) => {
    // pid (name) state parent group …
    const [, program, group] = /^\d+ \((.*)\) \S \d+ (\d+) /.exec(readStat(name)) ?? [];
    return program === "workerd" && Number(group) === process.group();
  });
  if (pid === undefined) throw new Error("there is no workerd");
  return pid;
}

/** Empty for what is no process, or no more. */
function readStat(name: string): string {
  try {
    return /^\d+$/.test(name) ? readFileSync(`/proc/${name}/stat`, "utf8") : "";
  } catch {
    return "";
  }
}
