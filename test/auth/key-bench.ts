// One issuer with a key server, and an isolate's memory of its keys.

import { env } from "cloudflare:workers";
import { IssuerKeys } from "../../src/auth/key-cache.ts";
import { verifyToken } from "../../src/auth/token.ts";
import type { Issuer } from "../../src/platform/settings.ts";
import { configured, makeIo, type TestIo } from "../support/auth-io.ts";
import { KeyServer } from "../support/key-server.ts";
import { makeIssuer, type TestIssuer, type TestKey } from "../support/tokens.ts";

export const T0 = Date.UTC(2026, 10, 20, 12);
export const SECOND = 1000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

type Parts = { kv?: KVNamespace; keys?: IssuerKeys };

export class KeyBench {
  readonly keys = new IssuerKeys();
  readonly server = new KeyServer(() => Response.json(this.login.jwks));
  login: TestIssuer;
  #issuers: readonly Issuer[] = [];

  constructor(login: TestIssuer) {
    this.login = login;
  }

  async serve(login: TestIssuer): Promise<void> {
    this.login = login;
    this.#issuers = await configured(login);
  }

  /** Honest for as long as these tests last. */
  token(header: Record<string, unknown> = {}, key?: TestKey): Promise<string> {
    const exp = (T0 + 100 * HOUR) / 1000;
    return this.login.token({ exp }, { nowMs: T0, header, ...(key && { key }) });
  }

  /** What a token gets at this moment: "verified", a reason, or "unavailable, why, ms". The background work is done. */
  async present(token: string, nowMs: number, parts: Parts = {}): Promise<string> {
    const io = makeIo({ sender: this.server, nowMs, ...parts });
    const outcome = await this.presentTo(io, token, parts.keys);
    await io.settled();
    return outcome;
  }

  /** The same, the background work left to the test. */
  async presentTo(io: TestIo, token: string, keys = this.keys): Promise<string> {
    const verdict = await verifyToken(token, this.#issuers, { issuerKeys: keys, ...io });
    if (verdict.kind === "keys_unavailable")
      return `unavailable, ${verdict.failure}, ${verdict.retryAfterMs}`;
    return verdict.kind === "invalid" ? verdict.reason : "verified";
  }
}

/** KV keeps its content from test to test, so each test has an issuer with a URL of its own. */
export async function makeKeyBench(): Promise<KeyBench> {
  const origin = `https://login-${crypto.randomUUID()}.example`;
  const login = await makeIssuer(origin, { jwksUri: `${origin}/keys.json` });
  const bench = new KeyBench(login);
  await bench.serve(login);
  return bench;
}

export function down(): Response {
  return new Response("down", { status: 503 });
}

export type WatchedKv = { kv: KVNamespace; reads: number; writes: number };

export function watchedKv(): WatchedKv {
  const watched: WatchedKv = {
    reads: 0,
    writes: 0,
    kv: new Proxy(env.KV, {
      get(target, name: "get" | "put") {
        if (name === "get") watched.reads += 1;
        if (name === "put") watched.writes += 1;
        return target[name].bind(target);
      },
    }),
  };
  return watched;
}
