// Issuers with a key server, and an isolate's memory of their keys. Moments are counted from T0.

import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { IssuerKeys } from "../../src/auth/key-cache.ts";
import { verifyToken } from "../../src/auth/token.ts";
import type { Issuer } from "../../src/platform/settings.ts";
import { configured, makeIo, type TestIo } from "../support/auth-io.ts";
import { counting } from "../support/bindings.ts";
import { HOUR, T0 } from "../support/clock.ts";
import { KeyServer } from "../support/key-server.ts";
import { makeIssuer, type TestIssuer, type TestKey } from "../support/tokens.ts";

/** Another memory, or another KV, than the bench's own. */
type Parts = { kv?: KVNamespace | undefined; keys?: IssuerKeys };
/** When, what a token gets then, and how many requests the issuer has had by then. */
type Moment = [elapsedMs: number, outcome: string, calls: number];

export class KeyBench {
  readonly keys = new IssuerKeys();
  readonly server = new KeyServer(() => Response.json(this.login.jwks));
  readonly login: TestIssuer;
  /** Of KV, by name. */
  readonly calls: string[] = [];
  readonly #issuers: readonly Issuer[];
  readonly #kv = counting(this.calls)(env).KV ?? env.KV;

  constructor(login: TestIssuer, issuers: readonly Issuer[]) {
    this.login = login;
    this.#issuers = issuers;
  }

  up(): void {
    this.server.answer = () => Response.json(this.login.jwks);
  }

  down(): void {
    this.server.answer = () => new Response("down", { status: 503 });
  }

  /** Honest for as long as these tests last. */
  token(header: Record<string, unknown> = {}, key?: TestKey): Promise<string> {
    const exp = (T0 + 100 * HOUR) / 1000;
    return this.login.token({ exp }, { nowMs: T0, header, ...(key && { key }) });
  }

  io(elapsedMs: number, kv = this.#kv): TestIo {
    return makeIo({ network: this.server, nowMs: T0 + elapsedMs, kv });
  }

  /** What a token gets: "verified", a reason, or "unavailable, why, ms". The background work is done. */
  async present(token: string, elapsedMs: number, { kv, keys }: Parts = {}): Promise<string> {
    const io = this.io(elapsedMs, kv);
    const outcome = await this.presentTo(io, token, keys);
    await io.settled();
    return outcome;
  }

  /** The same, the background work left to the test. */
  async presentTo(io: TestIo, token: string, issuerKeys = this.keys): Promise<string> {
    const verdict = await verifyToken(token, this.#issuers, { issuerKeys, ...io });
    if (verdict.kind === "keys_unavailable")
      return `unavailable, ${verdict.failure}, ${verdict.retryAfterMs}`;
    return verdict.kind === "invalid" ? verdict.reason : "verified";
  }

  async expectAt(token: string, moments: Moment[], parts?: Parts): Promise<void> {
    for (const [elapsedMs, outcome, calls] of moments) {
      const got = await this.present(token, elapsedMs, parts);
      expect([elapsedMs, got, this.server.calls]).toEqual([elapsedMs, outcome, calls]);
    }
  }
}

/** KV keeps its content from test to test, so each issuer has a URL of its own. */
export async function makeKeyBench(): Promise<KeyBench> {
  const login = await remoteIssuer();
  return new KeyBench(login, await configured(login));
}

export function remoteIssuer(): Promise<TestIssuer> {
  const origin = `https://login-${crypto.randomUUID()}.example`;
  return makeIssuer(origin, { jwksUri: `${origin}/keys.json` });
}
