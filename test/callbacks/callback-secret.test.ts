// Which secrets a user has. The expected one was derived with the hkdfSync of Node, of the published seed of Standard
// Webhooks' test vector for Ed25519.
import { afterEach, expect, it, vi } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import {
  buildSecretId,
  findCallbackSecrets,
  formatCallbackSecret,
} from "../../src/callbacks/callback-secret.ts";
import type { Jwk } from "../../src/platform/settings.ts";
import { times } from "../support/times.ts";
import { makeSigningKey } from "../support/tokens.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

async function formatted(keys: readonly Jwk[], userKey: string): Promise<string[]> {
  return (await findCallbackSecrets(keys, userKey)).map(formatCallbackSecret);
}

it("a secret is 32 bytes, derived from the signing key's private half and the user", async () => {
  const key = { kty: "OKP", crv: "Ed25519", d: "VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk" };
  const userKey = await buildUserKey("https://login.example", "alice");
  expect(await formatted([key], userKey)).toEqual(["whsec_3EYQkc42jURuWn/3/ZjlfXpcjLb5Yzd43iSf+blFqGQ="]);
  const [secret = expect.fail()] = await findCallbackSecrets([key], userKey);
  expect(await buildSecretId(secret)).toBe("ea1989b9");
});

it("users and keys have secrets of their own, which stay the same", async () => {
  const keys = [await makeSigningKey("a"), await makeSigningKey("b")];
  const [alice, bob] = [await formatted(keys, "alice"), await formatted(keys, "bob")];
  expect(new Set([...alice, ...bob]).size).toBe(4);
  // Of settings that were read anew.
  expect(await formatted(structuredClone(keys), "alice")).toEqual(alice);
  expect(await formatted(keys.toReversed(), "alice")).toEqual(alice.toReversed());
});

it("of more than four keys the first four are in force", async () => {
  const keys = await Promise.all(times(6, (n) => makeSigningKey(`key ${n}`)));
  expect(await formatted(keys, "alice")).toEqual(await formatted(keys.slice(0, 4), "alice"));
});

it("a user's secret is derived once, until a thousand others were asked for", async () => {
  const keys = [await makeSigningKey()];
  const derive = vi.spyOn(crypto.subtle, "deriveBits");
  const find = (user: string) => findCallbackSecrets(keys, user);
  await Promise.all([find("alice"), find("alice")]);
  expect(derive).toHaveBeenCalledTimes(1);
  await Promise.all(times(999, (n) => find(`user ${n}`)));
  await find("alice");
  expect(derive).toHaveBeenCalledTimes(1000);
  await Promise.all(times(1000, (n) => find(`another user ${n}`)));
  expect(derive).toHaveBeenCalledTimes(2000);
  await find("alice");
  expect(derive).toHaveBeenCalledTimes(2001);
});
