// A change of the signing keys reaches one isolate after the other, so at every moment two settings are at work: what
// one of them says, the other must understand. Each of the steps of docs/operations.md meets the step before it, in
// both directions; putting a new key in front without publishing it first does not.
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Jwk } from "../../src/platform/settings.ts";
import { SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { type Gateway, makeGateway } from "../support/gateway.ts";
import { Stage } from "../support/stage.ts";
import { makeSigningKey } from "../support/tokens.ts";

type Understood = { completion: boolean; callback: boolean; request: boolean };

let old: Jwk;
let fresh: Jwk;
beforeAll(async () => {
  [old, fresh] = [await makeSigningKey("old"), await makeSigningKey("fresh")];
});
freshForEach();

describe("two neighbouring steps understand each other", () => {
  it.each<[speaker: string, listener: string]>([
    ["before it", "published"],
    ["published", "before it"],
    ["published", "signing"],
    ["signing", "published"],
    ["signing", "alone"],
    ["alone", "signing"],
  ])("what is said %s is understood %s", async (speaker, listener) => {
    expect(await understood(keysAt(speaker), keysAt(listener))).toEqual({
      completion: true,
      callback: true,
      request: true,
    });
  });

  it("a key that signs before it was published is not understood: nothing that it made is", async () => {
    expect(await understood(keysAt("signing"), keysAt("before it"))).toEqual({
      completion: false,
      callback: false,
      request: false,
    });
  });
});

describe("a run that was started before the rotation", () => {
  it("is pushed under its old ref as long as the old key is there, and told under the new one", async () => {
    const stage = await Stage.set(settings(keysAt("published")));
    const run = await stage.start();
    const after = await neighbour(stage, keysAt("signing"));
    expect(await push(after, run)).toBe(202);
    await stage.consume(stage.queue.take(), { env: after.env });
    expect(await kidOfCallback(stage)).toBe("fresh");
  });

  it("whose old key was taken away too early is found and told by the timer", async () => {
    const stage = await Stage.set(settings(keysAt("before it")));
    const run = await stage.start();
    const after = await neighbour(stage, keysAt("alone"));
    expect(await push(after, run)).toBe(404);
    vi.setSystemTime(Date.now() + 2 * SECOND);
    await stage.ring();
    await stage.consume(stage.queue.take(), { env: after.env });
    expect(stage.received).toHaveLength(1);
    expect(await kidOfCallback(stage)).toBe("fresh");
  });
});

function keysAt(step: string): Jwk[] {
  const steps: Record<string, Jwk[]> = {
    "before it": [old],
    published: [old, fresh],
    signing: [fresh, old],
    alone: [fresh],
  };
  return steps[step] ?? expect.fail(`there is no step ${step}`);
}

/** A run of the one's making, seen through the other: its completion, its callback, its requests to the upstream. */
async function understood(speaker: Jwk[], listener: Jwk[]): Promise<Understood> {
  const stage = await Stage.set(settings(speaker));
  const run = await stage.start();
  const other = await neighbour(stage, listener);
  const completion = (await push(other, run)) === 202;
  await stage.pass(2 * SECOND);
  const keys: JSONWebKeySet = (await other.call("/.well-known/jwks.json", { claims: null })).body;
  const request = stage.gateway.upstream.starts[0]?.headers.get("authorization") ?? "";
  return {
    completion,
    callback: await verifies(findCallback(stage), keys),
    request: await verifies(request.replace("Bearer ", ""), keys),
  };
}

function neighbour({ gateway }: Stage, keys: Jwk[]): Promise<Gateway> {
  return makeGateway(settings(keys), undefined, gateway);
}

function settings(keys: Jwk[]): Record<string, string> {
  return { SIGNING_KEYS: JSON.stringify({ keys }) };
}

async function push(gateway: Gateway, { completion, runId }: { completion: string; runId: string }) {
  const body = JSON.stringify({ type: "run", id: runId, status: "success" });
  return (await gateway.call(completion, { method: "POST", claims: null, body })).status;
}

async function verifies(token: string, keys: JSONWebKeySet): Promise<boolean> {
  return jwtVerify(token, createLocalJWKSet(keys)).then(
    () => true,
    () => false,
  );
}

function findCallback({ received }: Stage): string {
  return received.at(-1)?.headers.get("callback-signature") ?? "";
}

/** The key that signed the latest callback, once it verified. */
async function kidOfCallback(stage: Stage): Promise<string | undefined> {
  const keys = [old, fresh].map(({ d: _private, ...shown }) => ({ ...shown, kty: "OKP" }));
  return (await jwtVerify(findCallback(stage), createLocalJWKSet({ keys }))).protectedHeader.kid;
}
