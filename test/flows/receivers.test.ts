// The receivers under examples/, which people copy: what they take and what they refuse.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { request as httpRequest, type Server } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  BODY,
  callback,
  changed,
  type Delivery,
  FORGED,
  FORGED_JWT,
  FORGED_V1A,
  type Forgery,
  newKey,
  SigningGateway,
} from "./support/callback-forgeries.ts";
import { freePort, listening, PROJECT, portOf } from "./support/environment.ts";
import { forTest } from "./support/opened.ts";
import { until } from "./support/process.ts";

const NODE_JOSE = join(PROJECT, "examples/node-jose/receiver.mjs");
const NODE_V1A = join(PROJECT, "examples/node-standard-webhooks/receiver.mjs");
const PYTHON_JWT = join(PROJECT, "examples/python-pyjwt/receiver.py");
/** Debian's, for which its python3-jwt is: a version manager's may hide it. */
const PYTHON = "/usr/bin/python3";
const MAX_BODY_BYTES = 10 * 1024 * 1024;

type Receiver = {
  url: string;
  /** What it has handed on, oldest first. */
  handedOn(): { runId: string; run: unknown }[];
  close(): void;
};

let gateway: SigningGateway;
beforeEach(async () => {
  gateway = await SigningGateway.listen();
  return () => gateway.close();
});

async function post(receiver: Receiver, { headers, body }: Delivery): Promise<number> {
  const response = await fetch(`${receiver.url}/hook`, { method: "POST", headers, body });
  await response.arrayBuffer();
  return response.status;
}

type Example = {
  createReceiver: (options: { gatewayUrl: string; onRun(runId: string, run: unknown): void }) => Server;
};

async function inProcess(file: string): Promise<Receiver> {
  const { createReceiver }: Example = await import(pathToFileURL(file).href);
  // It says why it refuses.
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const handedOn: { runId: string; run: unknown }[] = [];
  const server = createReceiver({
    gatewayUrl: gateway.url,
    onRun: (runId, result) => void handedOn.push({ runId, run: result }),
  });
  await listening(server);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    handedOn: () => handedOn,
    close: () => {
      stderr.mockRestore();
      server.close().closeAllConnections();
    },
  };
}

/** The command that its header names. It prints what it hands on. */
async function asCommand(program: string, file: string): Promise<Receiver> {
  const port = await freePort();
  const child = spawn(program, [file, "--gateway", gateway.url, "--port", String(port)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await until("the receiver", 15_000, () => output.includes(`listening on http://127.0.0.1:${port}\n`));
  return {
    url: `http://127.0.0.1:${port}`,
    handedOn: () =>
      Array.from(output.matchAll(/^run (\S+): (.*)\n/gm), ([, runId = "", json = ""]) => ({
        runId,
        run: JSON.parse(json),
      })),
    close: () => void child.kill("SIGKILL"),
  };
}

/** What every receiver must do. `start` starts it against the test's gateway. */
function describeReceiver(name: string, start: () => Promise<Receiver>, forged: Forgery[]) {
  describe(name, () => {
    let receiver: Receiver;
    beforeEach(async () => {
      receiver = await start();
      return () => receiver.close();
    });

    it("acknowledges an honest callback and hands its run on", async () => {
      const runId = randomUUID();
      expect(await post(receiver, await callback(gateway, { runId }))).toBe(204);
      await handed(1);
      expect(receiver.handedOn()).toEqual([{ runId, run: JSON.parse(BODY) }]);
    });

    it("takes one that was nearly 5 minutes on its way", async () => {
      expect(await post(receiver, await callback(gateway, { ageSeconds: 290 }))).toBe(204);
    });

    it("acknowledges every attempt and hands the run on once", async () => {
      const runId = randomUUID();
      const first = await callback(gateway, { runId, ageSeconds: 200 });
      const atOnce = await Promise.all([first, first, first].map((attempt) => post(receiver, attempt)));
      expect(atOnce).toEqual([204, 204, 204]);
      expect(await post(receiver, await callback(gateway, { runId }))).toBe(204);
      const next = randomUUID();
      expect(await post(receiver, await callback(gateway, { runId: next }))).toBe(204);
      await handed(2);
      expect(receiver.handedOn().map((one) => one.runId)).toEqual([runId, next]);
    });

    it.each(forged)("refuses a callback when %s, and takes the honest one after it", async (_, make) => {
      const forgery = await make(gateway);
      expect(await post(receiver, forgery)).toBe(401);
      const runId = forgery.headers["webhook-id"]?.replace("run_", "") ?? randomUUID();
      expect(await post(receiver, await callback(gateway, { runId }))).toBe(204);
      await handed(1);
      expect(receiver.handedOn().map((one) => one.runId)).toEqual([runId]);
    });

    it("asks for the keys once for many callbacks", async () => {
      for (let n = 0; n < 3; n += 1) expect(await post(receiver, await callback(gateway))).toBe(204);
      expect(gateway.keyRequests).toBe(1);
    });

    it("takes nothing while it has no keys", async () => {
      gateway.isUp = false;
      expect(await post(receiver, await callback(gateway))).toBe(401);
      expect(receiver.handedOn()).toEqual([]);
    });

    it("keeps no body that is too large", async () => {
      expect(await announce(receiver, MAX_BODY_BYTES + 1)).toBe(413);
    });

    async function handed(count: number): Promise<void> {
      await until("the run", 5000, () => receiver.handedOn().length >= count);
    }
  });
}

/** Announces a body, and sends it when it is asked for. */
async function announce(receiver: Receiver, bytes: number): Promise<number | undefined> {
  const { headers } = await callback(gateway);
  const request = httpRequest(`${receiver.url}/hook`, {
    method: "POST",
    headers: { ...headers, "content-length": String(bytes), expect: "100-continue" },
  });
  request.once("continue", () => request.end(Buffer.alloc(bytes, " ")));
  return new Promise((resolve, reject) => {
    request.once("error", reject).once("response", (response) => {
      resolve(response.statusCode);
      request.destroy();
    });
  });
}

/** What the two in Node promise of their keys, by a clock of the test's. */
function describeKeys(name: string, file: string) {
  describe(`${name}, by the clock`, () => {
    let receiver: Receiver;
    beforeEach(async () => {
      vi.useFakeTimers({ toFake: ["Date"] });
      receiver = await inProcess(file);
      return () => receiver.close();
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it("follows the gateway to a new key, and takes the former one until it is removed", async () => {
      const former = gateway.key;
      expect(await post(receiver, await callback(gateway))).toBe(204);

      vi.advanceTimersByTime(31_000);
      gateway.keys = [newKey("second"), former];
      expect(await post(receiver, await callback(gateway))).toBe(204);
      expect(await post(receiver, await callback(gateway, { key: former }))).toBe(204);

      gateway.keys = gateway.keys.slice(0, 1);
      vi.advanceTimersByTime(10 * 60_000 + 1000);
      expect(await post(receiver, await callback(gateway, { key: former }))).toBe(401);
      expect(await post(receiver, await callback(gateway))).toBe(204);
    });

    it("keeps the keys for minutes", async () => {
      expect(await post(receiver, await callback(gateway))).toBe(204);
      vi.advanceTimersByTime(5 * 60_000);
      expect(await post(receiver, await callback(gateway))).toBe(204);
      expect(gateway.keyRequests).toBe(1);
    });

    it("asks for the keys at most every 30 s, however many strangers sign", async () => {
      expect(await post(receiver, await callback(gateway))).toBe(204);
      for (const requests of [1, 2]) {
        for (let n = 0; n < 5; n += 1) {
          expect(await post(receiver, await callback(gateway, { key: newKey(`stranger ${n}`) }))).toBe(401);
        }
        expect(gateway.keyRequests).toBe(requests);
        vi.advanceTimersByTime(31_000);
      }
    });

    it("starts to take callbacks when the keys can be had again", async () => {
      gateway.isUp = false;
      expect(await post(receiver, await callback(gateway))).toBe(401);
      gateway.isUp = true;
      vi.advanceTimersByTime(31_000);
      expect(await post(receiver, await callback(gateway))).toBe(204);
    });
  });
}

describeReceiver("examples/node-jose", () => inProcess(NODE_JOSE), [...FORGED, ...FORGED_JWT]);
describeKeys("examples/node-jose", NODE_JOSE);
describeReceiver("examples/node-standard-webhooks", () => inProcess(NODE_V1A), [...FORGED, ...FORGED_V1A]);
describeKeys("examples/node-standard-webhooks", NODE_V1A);

it("the signature for examples/node-standard-webhooks may stand in a list with others", async () => {
  const receiver = await forTest(inProcess(NODE_V1A));
  const honest = await callback(gateway);
  const list = `v1,bm9uZQ== v1a,bm9uZQ== ${honest.headers["webhook-signature"]} v2,x`;
  expect(await post(receiver, changed(honest, { "webhook-signature": list }))).toBe(204);
});

it.each([
  ["examples/node-jose", NODE_JOSE],
  ["examples/node-standard-webhooks", NODE_V1A],
])("%s, as a command, prints the runs that it is sent", async (_, file) => {
  const receiver = await forTest(asCommand(process.execPath, file));
  const runId = randomUUID();
  expect(await post(receiver, await callback(gateway, { runId, body: '{"status":"success"}' }))).toBe(204);
  await until("the run", 5000, () => receiver.handedOn().length === 1);
  expect(receiver.handedOn()).toEqual([{ runId, run: { status: "success" } }]);
});

function startPython(): Promise<Receiver> {
  return asCommand(PYTHON, PYTHON_JWT);
}

describe("with PyJWT", () => {
  describeReceiver("examples/python-pyjwt", startPython, [...FORGED, ...FORGED_JWT]);

  it("follows the gateway to a new key", async () => {
    const receiver = await forTest(startPython());
    expect(await post(receiver, await callback(gateway))).toBe(204);
    gateway.keys = [newKey("second"), ...gateway.keys];
    expect(await post(receiver, await callback(gateway))).toBe(204);
  });
});
