// The receivers under examples/ that verify the token, which people copy: what they take and what they refuse. Those that
// verify `v1`: receivers-v1.test.ts.
import { randomUUID } from "node:crypto";
import { importJWK } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { holdsV1a } from "../../examples/node-standard-webhooks/verify-v1a.mjs";
import {
  BODY,
  callback,
  changed,
  type Delivery,
  FORGED,
  FORGED_JWT,
  FORGED_V1A,
  type Forgery,
  NOT_FOR_THIS_RECEIVER,
  newKey,
  SigningGateway,
  USER,
} from "./support/callback-forgeries.ts";
import {
  announce,
  asCommand,
  type ExampleReceiver,
  inProcess,
  NODE_JOSE,
  post,
} from "./support/example-receivers.ts";
import { forTest } from "./support/opened.ts";
import { until } from "./support/process.ts";

const MIB = 1024 * 1024;
const MAX_BODY_BYTES = 64 * MIB;

let gateway: SigningGateway;
beforeEach(async () => {
  gateway = await SigningGateway.listen();
  return () => gateway.close();
});

/** What every receiver must do. `start` starts it against the test's gateway. */
function describeReceiver(name: string, start: () => Promise<ExampleReceiver>, forged: Forgery[]) {
  describe(name, () => {
    let receiver: ExampleReceiver;
    beforeEach(async () => {
      receiver = await start();
      return () => receiver.close();
    });

    it.each(["", "\ufeff"])(
      "acknowledges an honest callback that begins with %j and hands its run on",
      async (begin) => {
        const runId = randomUUID();
        expect(await post(receiver, await callback(gateway, { runId, body: `${begin}${BODY}` }))).toBe(204);
        await handed(1);
        expect(receiver.handedOn()).toMatchObject([{ runId, run: JSON.parse(BODY) }]);
      },
    );

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
      await expectRefused(await make(gateway));
    });

    it.each(NOT_FOR_THIS_RECEIVER)(
      "refuses a genuine callback when %s, and takes the honest one after it",
      async (_, make, reason) => {
        await expectRefused(await make(gateway));
        expect(receiver.reasons()).toEqual([expect.stringMatching(reason)]);
      },
    );

    it("takes a large body, which the token alone proves, and refuses another one", async () => {
      const body = JSON.stringify({ status: "success", results: ["x".repeat(12 * MIB)] });
      const large = await callback(gateway, { body, hasV1a: false });
      expect(await post(receiver, { ...large, body: body.replace("success", "failure") })).toBe(401);
      expect(await post(receiver, large)).toBe(204);
      await handed(1, 30_000);
      expect(receiver.handedOn()[0]?.run).toEqual(JSON.parse(body));
    });

    it.each(["NaN", "Infinity", "-Infinity", "[", "\ufeff"])(
      "refuses %j, which is no JSON, and takes the honest one after it",
      async (value) => {
        expect(await post(receiver, await callback(gateway, { body: `{"results":[${value}]}` }))).toBe(400);
        await until("the reason", 5000, () => receiver.reasons().length > 0);
        expect(receiver.reasons()).toEqual([expect.stringContaining("the body is no JSON")]);
        expect(await post(receiver, await callback(gateway))).toBe(204);
      },
    );

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
      const { headers } = await callback(gateway);
      expect(await announce(receiver, headers, MAX_BODY_BYTES + 1)).toBe(413);
    });

    /** With its reason in one line, without the token; the honest twin is taken. */
    async function expectRefused(forgery: Delivery): Promise<void> {
      expect(await post(receiver, forgery)).toBe(401);
      await until("the reason", 5000, () => receiver.reasons().length > 0);
      expect(receiver.reasons()).toHaveLength(1);
      for (const part of forgery.headers["callback-signature"]?.split(".") ?? [])
        if (part.length > 1) expect(receiver.reasons().join()).not.toContain(part);
      const runId = forgery.headers["webhook-id"]?.replace("run_", "") ?? randomUUID();
      expect(await post(receiver, await callback(gateway, { runId }))).toBe(204);
      await handed(1);
      expect(receiver.handedOn()).toMatchObject([{ runId }]);
    }

    async function handed(count: number, withinMs = 5000): Promise<void> {
      await until("the run", withinMs, () => receiver.handedOn().length >= count);
    }
  });
}

/** What the one in Node promises of its keys, by a clock of the test's. */
function describeKeys(name: string, file: string) {
  describe(`${name}, by the clock`, () => {
    let receiver: ExampleReceiver;
    beforeEach(async () => {
      vi.useFakeTimers({ toFake: ["Date"] });
      receiver = await inProcess(gateway, file);
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

const JWT = [...FORGED, ...FORGED_JWT];
describeReceiver("examples/node-jose", () => inProcess(gateway, NODE_JOSE), JWT);
describeKeys("examples/node-jose", NODE_JOSE);
async function holds({ headers, body }: Delivery): Promise<boolean> {
  const publicKey = await importJWK(gateway.key.publicKey.export({ format: "jwk" }), "EdDSA");
  return publicKey instanceof CryptoKey && holdsV1a(headers, Buffer.from(body), publicKey);
}

describe("examples/node-standard-webhooks/verify-v1a.mjs", () => {
  it("believes an honest signature, also in a list with others", async () => {
    const honest = await callback(gateway);
    expect(await holds(honest)).toBe(true);
    const list = `v1,bm9uZQ== v1a,bm9uZQ== ${honest.headers["webhook-signature"]} v2,x`;
    expect(await holds(changed(honest, { "webhook-signature": list }))).toBe(true);
  });

  it.each([...FORGED, ...FORGED_V1A])("believes none when %s", async (_, make) => {
    expect(await holds(await make(gateway))).toBe(false);
  });
});

it("examples/node-jose hands on whose run it is", async () => {
  const receiver = await forTest(inProcess(gateway, NODE_JOSE));
  expect(await post(receiver, await callback(gateway))).toBe(204);
  expect(receiver.handedOn()).toMatchObject([{ user: USER }]);
});

function startPython(): Promise<ExampleReceiver> {
  return asCommand(gateway, "python-pyjwt");
}

describe("with PyJWT", () => {
  describeReceiver("examples/python-pyjwt", startPython, JWT);

  it("follows the gateway to a new key", async () => {
    const receiver = await forTest(startPython());
    expect(await post(receiver, await callback(gateway))).toBe(204);
    gateway.keys = [newKey("second"), ...gateway.keys];
    expect(await post(receiver, await callback(gateway))).toBe(204);
  });
});
