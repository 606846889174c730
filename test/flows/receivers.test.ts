// The receivers under examples/, which people copy: what they take and what they refuse. Callbacks are signed here, with
// jose and node:crypto and without a line of src/, so that the two sides can disagree.
import { type ChildProcess, spawn } from "node:child_process";
import {
  createHash,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign as signBytes,
} from "node:crypto";
import { once } from "node:events";
import { createServer, request as httpRequest, type Server } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SignJWT, UnsecuredJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { freePort, PROJECT, portOf } from "./support/environment.ts";
import { until } from "./support/process.ts";

const NODE_JOSE = join(PROJECT, "examples/node-jose/receiver.mjs");
const NODE_V1A = join(PROJECT, "examples/node-standard-webhooks/receiver.mjs");
const PYTHON_JWT = join(PROJECT, "examples/python-pyjwt/receiver.py");
/** Debian's, for which its python3-jwt is: a version manager's may hide it. */
const PYTHON = "/usr/bin/python3";
const MAX_BODY_BYTES = 10 * 1024 * 1024;

type Key = { kid: string; publicKey: KeyObject; privateKey: KeyObject };
type Delivery = { headers: Record<string, string>; body: string | Uint8Array<ArrayBuffer> };

/** The other party: a gateway, as far as a receiver sees it. */
class Gateway {
  keys: Key[] = [newKey("first")];
  isUp = true;
  keyRequests = 0;
  readonly #server: Server = createServer((request, response) => {
    this.keyRequests += 1;
    if (!this.isUp || request.url !== "/.well-known/jwks.json") return response.writeHead(503).end();
    return response
      .setHeader("content-type", "application/json")
      .end(JSON.stringify({ keys: this.keys.map(publicJwk) }));
  });

  async listen(): Promise<this> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#server)}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

type Receiver = {
  url: string;
  /** What it has handed on, oldest first. */
  handedOn(): { runId: string; run: unknown }[];
  close(): Promise<void>;
};

// Where a callback may depart from an honest one.
type Signing = {
  runId?: string;
  body?: string;
  key?: Key;
  issuer?: string;
  ageSeconds?: number;
  /** Over the honest claims; undefined takes one away. */
  claims?: Record<string, unknown>;
  /** In place of the honest token. */
  token?: (claims: Record<string, unknown>, key: Key) => string | Promise<string>;
};

const BODY = '{"type":"run","status":"success", "results":[{"n":12345678901234567890,"é":"ü"}],"errors":[]}';

let gateway: Gateway;
beforeEach(async () => {
  gateway = await new Gateway().listen();
  return () => gateway.close();
});

async function callback(signing: Signing = {}): Promise<Delivery> {
  const { runId = randomUUID(), body = BODY, issuer = gateway.url, ageSeconds = 0 } = signing;
  const key = signing.key ?? currentKey();
  const id = `run_${runId}`;
  const sentAt = Math.floor(Date.now() / 1000) - ageSeconds;
  const claims: Record<string, unknown> = {
    iss: issuer,
    sub: runId,
    jti: id,
    iat: sentAt,
    exp: sentAt + 300,
    body_sha256: createHash("sha256").update(body).digest("base64url"),
    ...signing.claims,
  };
  return {
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(sentAt),
      "webhook-signature": v1a(id, sentAt, body, key),
      "callback-signature": await (signing.token ?? eddsa)(claims, key),
    },
    body,
  };
}

function v1a(id: string, sentAt: number | string, body: string, { privateKey }: Key): string {
  return `v1a,${signBytes(null, Buffer.from(`${id}.${sentAt}.${body}`), privateKey).toString("base64")}`;
}

function eddsa(claims: Record<string, unknown>, { kid, privateKey }: Key): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", typ: "JWT", kid }).sign(privateKey);
}

function newKey(kid: string): Key {
  return { kid, ...generateKeyPairSync("ed25519") };
}

function publicJwk({ kid, publicKey }: Key): object {
  return { ...publicKey.export({ format: "jwk" }), kid, alg: "EdDSA", use: "sig" };
}

function currentKey(): Key {
  const [key] = gateway.keys;
  if (key === undefined) throw new Error("the gateway has no key");
  return key;
}

function changed({ headers, body }: Delivery, change: Record<string, string | undefined>): Delivery {
  const left = Object.entries({ ...headers, ...change }).filter((entry) => entry[1] !== undefined);
  return { headers: Object.fromEntries(left) as Record<string, string>, body };
}

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
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    handedOn: () => handedOn,
    close: async () => {
      stderr.mockRestore();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The command that its header names. It prints what it hands on. */
async function asCommand(program: string, file: string): Promise<Receiver> {
  const port = await freePort();
  const child = spawn(program, [file, "--gateway", gateway.url, "--port", String(port)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const stop = () => ended(child);
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
    close: stop,
  };
}

async function ended(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

type Forgery = [what: string, make: () => Promise<Delivery>];

const FORGED: Forgery[] = [
  [
    "one byte of the body was changed",
    async () => ({ ...(await callback()), body: `${BODY.slice(0, -2)} }` }),
  ],
  [
    "the same JSON was printed anew",
    async () => ({ ...(await callback()), body: JSON.stringify(JSON.parse(BODY)) }),
  ],
  ["the body is gone", async () => ({ ...(await callback()), body: "" })],
  ["another key signed, under a known key id", () => callback({ key: newKey(currentKey().kid) })],
  ["another key signed, under a key id of its own", () => callback({ key: newKey("theirs") })],
  ["it is older than 5 minutes", () => callback({ ageSeconds: 320 })],
  ["it is from the future", () => callback({ ageSeconds: -400 })],
  [
    "its webhook-id was changed",
    async () => changed(await callback(), { "webhook-id": `run_${randomUUID()}` }),
  ],
  ["it has no webhook-id", async () => changed(await callback(), { "webhook-id": undefined })],
];

const FORGED_JWT: Forgery[] = [
  [
    "it has no callback-signature",
    async () => changed(await callback(), { "callback-signature": undefined }),
  ],
  [
    "its callback-signature is no token",
    async () => changed(await callback(), { "callback-signature": "x.y.z" }),
  ],
  ["its issuer is another one", () => callback({ issuer: "https://gateway.example" })],
  ["its jti is another one", () => callback({ claims: { jti: `run_${randomUUID()}` } })],
  [
    "it is old, whatever it says of its end",
    () => callback({ ageSeconds: 320, claims: { exp: 4_000_000_000 } }),
  ],
  ["it has ended, whatever it says of its beginning", () => callback({ claims: { exp: 1_000_000_000 } })],
  ...["iss", "sub", "jti", "iat", "exp", "body_sha256"].map(
    (claim): Forgery => [`its token has no ${claim}`, () => callback({ claims: { [claim]: undefined } })],
  ),
  [
    "its token was made for the upstream",
    () => callback({ claims: { aud: "upstream", jti: undefined, body_sha256: undefined } }),
  ],
  [
    "its token is not signed at all (alg none)",
    () => callback({ token: (claims) => new UnsecuredJWT(claims).encode() }),
  ],
  ...(["bytes", "PEM", "JWK"] as const).map(
    (form): Forgery => [
      `its token is signed with the public key as a shared secret (HS256, ${form})`,
      () => callback({ token: (claims, key) => hs256(claims, key.kid, secretOf(key, form)) }),
    ],
  ),
];

const FORGED_V1A: Forgery[] = [
  ["it has no webhook-signature", async () => changed(await callback(), { "webhook-signature": undefined })],
  ["it has no webhook-timestamp", async () => changed(await callback(), { "webhook-timestamp": undefined })],
  ["its webhook-timestamp was changed", async () => moved(await callback(), -1)],
  ["its webhook-timestamp is no number, even if the gateway signed that", () => withTimestamp("NaN")],
  ["its signature is of another version", async () => withVersion(await callback(), "v2a")],
  [
    "its signature is of version 1, with the public key as the secret",
    async () => withV1(await callback(), secretOf(currentKey(), "bytes")),
  ],
  ["its signature is empty", async () => changed(await callback(), { "webhook-signature": "v1a," })],
];

function moved(delivery: Delivery, seconds: number): Delivery {
  const timestamp = Number(delivery.headers["webhook-timestamp"]) + seconds;
  return changed(delivery, { "webhook-timestamp": String(timestamp) });
}

async function withTimestamp(timestamp: string): Promise<Delivery> {
  const honest = await callback();
  const signature = v1a(honest.headers["webhook-id"] ?? "", timestamp, BODY, currentKey());
  return changed(honest, { "webhook-timestamp": timestamp, "webhook-signature": signature });
}

function withVersion(delivery: Delivery, version: string): Delivery {
  const signature = delivery.headers["webhook-signature"]?.replace("v1a", version);
  return changed(delivery, { "webhook-signature": signature });
}

function withV1(delivery: Delivery, secret: Buffer): Delivery {
  const { "webhook-id": id, "webhook-timestamp": sentAt } = delivery.headers;
  const mac = createHmac("sha256", secret).update(`${id}.${sentAt}.${BODY}`).digest("base64");
  return changed(delivery, { "webhook-signature": `v1,${mac}` });
}

function hs256(claims: Record<string, unknown>, kid: string, secret: Buffer): string {
  const content = `${base64urlJson({ alg: "HS256", typ: "JWT", kid })}.${base64urlJson(claims)}`;
  return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
}

function base64urlJson(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function secretOf({ publicKey }: Key, form: "bytes" | "PEM" | "JWK"): Buffer {
  const jwk = publicKey.export({ format: "jwk" });
  if (form === "bytes") return Buffer.from(jwk.x ?? "", "base64url");
  return Buffer.from(
    form === "JWK" ? JSON.stringify(jwk) : publicKey.export({ type: "spki", format: "pem" }),
  );
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
      expect(await post(receiver, await callback({ runId }))).toBe(204);
      await handed(1);
      expect(receiver.handedOn()).toEqual([{ runId, run: JSON.parse(BODY) }]);
    });

    it("takes one that was nearly 5 minutes on its way", async () => {
      expect(await post(receiver, await callback({ ageSeconds: 290 }))).toBe(204);
    });

    it("acknowledges every attempt and hands the run on once", async () => {
      const runId = randomUUID();
      const first = await callback({ runId, ageSeconds: 200 });
      const atOnce = await Promise.all([first, first, first].map((attempt) => post(receiver, attempt)));
      expect(atOnce).toEqual([204, 204, 204]);
      expect(await post(receiver, await callback({ runId }))).toBe(204);
      const next = randomUUID();
      expect(await post(receiver, await callback({ runId: next }))).toBe(204);
      await handed(2);
      expect(receiver.handedOn().map((one) => one.runId)).toEqual([runId, next]);
    });

    it.each(forged)("refuses a callback when %s, and takes the honest one after it", async (_, make) => {
      const forgery = await make();
      expect(await post(receiver, forgery)).toBe(401);
      const runId = forgery.headers["webhook-id"]?.replace("run_", "") ?? randomUUID();
      expect(await post(receiver, await callback({ runId }))).toBe(204);
      await handed(1);
      expect(receiver.handedOn().map((one) => one.runId)).toEqual([runId]);
    });

    it("asks for the keys once for many callbacks", async () => {
      for (let n = 0; n < 3; n += 1) expect(await post(receiver, await callback())).toBe(204);
      expect(gateway.keyRequests).toBe(1);
    });

    it("takes nothing while it has no keys", async () => {
      gateway.isUp = false;
      expect(await post(receiver, await callback())).toBe(401);
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
  const { headers } = await callback();
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
      const former = currentKey();
      expect(await post(receiver, await callback())).toBe(204);

      vi.advanceTimersByTime(31_000);
      gateway.keys = [newKey("second"), former];
      expect(await post(receiver, await callback())).toBe(204);
      expect(await post(receiver, await callback({ key: former }))).toBe(204);

      gateway.keys = gateway.keys.slice(0, 1);
      vi.advanceTimersByTime(10 * 60_000 + 1000);
      expect(await post(receiver, await callback({ key: former }))).toBe(401);
      expect(await post(receiver, await callback())).toBe(204);
    });

    it("keeps the keys for minutes", async () => {
      expect(await post(receiver, await callback())).toBe(204);
      vi.advanceTimersByTime(5 * 60_000);
      expect(await post(receiver, await callback())).toBe(204);
      expect(gateway.keyRequests).toBe(1);
    });

    it("asks for the keys at most every 30 s, however many strangers sign", async () => {
      expect(await post(receiver, await callback())).toBe(204);
      for (let n = 0; n < 5; n += 1) {
        expect(await post(receiver, await callback({ key: newKey(`stranger ${n}`) }))).toBe(401);
      }
      expect(gateway.keyRequests).toBe(1);
      vi.advanceTimersByTime(31_000);
      for (let n = 0; n < 5; n += 1) {
        expect(await post(receiver, await callback({ key: newKey(`stranger ${n}`) }))).toBe(401);
      }
      expect(gateway.keyRequests).toBe(2);
    });

    it("starts to take callbacks when the keys can be had again", async () => {
      gateway.isUp = false;
      expect(await post(receiver, await callback())).toBe(401);
      gateway.isUp = true;
      vi.advanceTimersByTime(31_000);
      expect(await post(receiver, await callback())).toBe(204);
    });
  });
}

describeReceiver("examples/node-jose", () => inProcess(NODE_JOSE), [...FORGED, ...FORGED_JWT]);
describeKeys("examples/node-jose", NODE_JOSE);
describeReceiver("examples/node-standard-webhooks", () => inProcess(NODE_V1A), [...FORGED, ...FORGED_V1A]);
describeKeys("examples/node-standard-webhooks", NODE_V1A);

describe("examples/node-standard-webhooks, its signature", () => {
  it("may stand in a list with others", async () => {
    const receiver = await inProcess(NODE_V1A);
    onTestFinished(() => receiver.close());
    const honest = await callback();
    const list = `v1,bm9uZQ== v1a,bm9uZQ== ${honest.headers["webhook-signature"]} v2,x`;
    expect(await post(receiver, changed(honest, { "webhook-signature": list }))).toBe(204);
  });
});

describe.each([
  ["examples/node-jose", NODE_JOSE],
  ["examples/node-standard-webhooks", NODE_V1A],
])("%s, as a command", (_, file) => {
  it("prints the runs that it is sent", async () => {
    const receiver = await asCommand(process.execPath, file);
    onTestFinished(() => receiver.close());
    const runId = randomUUID();
    expect(await post(receiver, await callback({ runId, body: '{"status":"success"}' }))).toBe(204);
    await until("the run", 5000, () => receiver.handedOn().length === 1);
    expect(receiver.handedOn()).toEqual([{ runId, run: { status: "success" } }]);
  });
});

function startPython(): Promise<Receiver> {
  return asCommand(PYTHON, PYTHON_JWT);
}

describe("with PyJWT", () => {
  describeReceiver("examples/python-pyjwt", startPython, [...FORGED, ...FORGED_JWT]);

  it("follows the gateway to a new key", async () => {
    const receiver = await startPython();
    onTestFinished(() => receiver.close());
    expect(await post(receiver, await callback())).toBe(204);
    gateway.keys = [newKey("second"), ...gateway.keys];
    expect(await post(receiver, await callback())).toBe(204);
  });
});
