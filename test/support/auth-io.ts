import { env } from "cloudflare:workers";
import type { KeyIo } from "../../src/auth/key-cache.ts";
import { type Issuer, parseSettings } from "../../src/platform/settings.ts";
import { KeyServer } from "./key-server.ts";
import { makeSigningKey, type TestIssuer } from "./tokens.ts";

export type TestIo = KeyIo & {
  /** Waits for everything that was handed to waitUntil, and for what that handed over in turn. */
  settled(): Promise<void>;
};

/** What a request brings: the real KV, a given clock, and by default a network that must not be touched. */
export function makeIo(parts: Partial<Pick<KeyIo, "kv" | "network" | "nowMs">> = {}): TestIo {
  const background: Promise<unknown>[] = [];
  return {
    kv: env.KV,
    network: new KeyServer(() => {
      throw new Error("no request was expected");
    }),
    nowMs: 0,
    ...parts,
    waitUntil: (promise) => background.push(promise),
    async settled() {
      while (background.length > 0) await Promise.all(background.splice(0));
    },
  };
}

/** Issuers as a deployment would have them: through the settings' own parser. */
export async function configured(...issuers: Pick<TestIssuer, "settings">[]): Promise<readonly Issuer[]> {
  const settings = parseSettings({
    JWT_ISSUERS: JSON.stringify(issuers.map(({ settings: entry }) => entry)),
    SIGNING_KEYS: JSON.stringify({ keys: [await makeSigningKey()] }),
  });
  return settings.issuers;
}
