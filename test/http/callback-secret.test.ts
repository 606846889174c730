// The secret that a caller is given is the one that its callbacks are signed with, and no other user's.
import { describe, expect, it } from "vitest";
import type { Jwk } from "../../src/platform/settings.ts";
import { freshForEach } from "../support/fresh.ts";
import { type Gateway, makeGateway } from "../support/gateway.ts";
import { type Received, Stage } from "../support/stage.ts";
import { makeSigningKey } from "../support/tokens.ts";

freshForEach();

describe("GET /callbacks/secret", () => {
  it("answers 32 bytes as the libraries take them, for no cache", async () => {
    const { status, headers, body } = await (await makeGateway()).call("/callbacks/secret");
    expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(body).toEqual({
      data: {
        secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
        also_valid: [],
        algorithm: "hmac-sha256",
      },
    });
  });

  it("is not counted", async () => {
    const gateway = await makeGateway({ READ_LIMIT: "1" });
    const answers = [await gateway.call("/callbacks/secret"), await gateway.call("/callbacks/secret")];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]?.headers.get("x-ratelimit-limit")).toBeNull();
  });

  it("answers each user another secret, and one user the same for ever", async () => {
    const { issuer, env } = await makeGateway();
    const vars = { SIGNING_KEYS: String(Reflect.get(env, "SIGNING_KEYS")) };
    const again = await makeGateway(vars, undefined, { issuer });
    const first = await makeGateway(vars, undefined, { issuer });
    const [alice, later, bob] = await Promise.all([
      readSecrets(first),
      readSecrets(again),
      readSecrets(again, "bob"),
    ]);
    expect(later).toEqual(alice);
    expect(bob.secret).not.toBe(alice.secret);
  });

  it("answers the secret of the first signing key, and those of the others", async () => {
    const [old, fresh] = [await makeSigningKey(), await makeSigningKey()];
    const { issuer } = await makeGateway();
    const gatewayWith = (...keys: Jwk[]) => makeGateway(settings(keys), undefined, { issuer });
    const during = await readSecrets(await gatewayWith(fresh, old));
    const before = await readSecrets(await gatewayWith(old));
    const after = await readSecrets(await gatewayWith(fresh));
    expect([during.secret, during.also_valid]).toEqual([after.secret, [before.secret]]);
  });
});

it("each secret of the caller verifies its callback, and no other user's secret does", async () => {
  const stage = await Stage.set(settings([await makeSigningKey(), await makeSigningKey()]));
  await stage.finish(await stage.start());
  const [received = expect.fail()] = stage.received;
  const own = await readSecrets(stage.gateway);
  const others = await readSecrets(stage.gateway, "bob");
  const [first, second, ...more] = received.headers.get("webhook-signature")?.split(" ") ?? [];
  expect(await sign(received, own.secret)).toBe(first);
  expect(await sign(received, own.also_valid[0] ?? "")).toBe(second);
  expect(more).toEqual([expect.stringMatching(/^v1a,/)]);
  expect([first, second]).not.toContain(await sign(received, others.secret));
});

function settings(keys: Jwk[]): Record<string, string> {
  return { SIGNING_KEYS: JSON.stringify({ keys }) };
}

type Secrets = { secret: string; also_valid: string[]; algorithm: string };

async function readSecrets(gateway: Gateway, sub = "alice"): Promise<Secrets> {
  const { text } = await gateway.call("/callbacks/secret", { claims: { sub } });
  const { data }: { data: Secrets } = JSON.parse(text);
  return data;
}

/** As Standard Webhooks has it, by WebCrypto alone. */
async function sign({ headers, body }: Received, secret: string): Promise<string> {
  const bytes = Uint8Array.from(atob(secret.replace("whsec_", "")), (character) => character.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(signed));
  return `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`;
}
