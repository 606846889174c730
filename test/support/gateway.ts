// The whole gateway inside workerd, with its real bindings: only the upstream and the clock are not ours. Every answer
// that a test gets through here is checked against the contract.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair } from "jose";
import { createApp } from "../../src/app.ts";
import { userKeyOf } from "../../src/auth/user-key.ts";
import { gateId } from "../../src/gate/address.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { type Circumstances, expectContract } from "./contract.ts";
import { makeIssuer, type TestIssuer } from "./tokens.ts";
import { FakeUpstream } from "./upstream.ts";

export const ORIGIN = "http://127.0.0.1:8787";
export const ACTION = "11111111-2222-4333-8444-555555555555";
export const RUN_PATH = `/actions/v1/stored-actions/${ACTION}/run`;

export type Answer = { status: number; headers: Headers; text: string; body: any };

export type Call = {
  method?: string;
  /** Claims of the caller's token; `null` sends none. */
  claims?: Record<string, unknown> | null;
  headers?: Record<string, string>;
  body?: BodyInit;
  circumstances?: Circumstances;
};

export type Gateway = {
  issuer: TestIssuer;
  upstream: FakeUpstream;
  /** Sends one request and waits for everything that it left behind (waitUntil). */
  call(path: string, call?: Call): Promise<Answer>;
  /** Starts a run of ACTION with `data`, as alice unless the claims say otherwise. */
  start(data: unknown, call?: Call): Promise<Answer>;
  gateOf(subject?: string): Promise<DurableObjectStub<UserGate>>;
};

/** `vars` are settings; `bindings` stand in for the real ones (to count, to fail, to hang). */
export async function makeGateway(
  vars: Record<string, string> = {},
  bindings: (env: Env) => Partial<Env> = () => ({}),
): Promise<Gateway> {
  const app = createApp();
  const upstream = new FakeUpstream();
  const issuer = await makeIssuer("https://login.example");
  const settings = {
    JWT_ISSUERS: JSON.stringify([issuer.settings]),
    SIGNING_KEYS: JSON.stringify({ keys: [await makeSigningKey()] }),
    ...vars,
  };
  const base = { ...env, ...settings, UPSTREAM: asFetcher(upstream) };
  const bound: Env = { ...base, ...bindings(base) };

  const gateway: Gateway = {
    issuer,
    upstream,
    async call(path, { method = "GET", claims = {}, headers = {}, body, circumstances } = {}) {
      const authorization = claims === null ? {} : { authorization: `Bearer ${await issuer.token(claims)}` };
      const init = {
        method,
        headers: { ...authorization, ...headers },
        ...(body === undefined ? {} : { body }),
      };
      const context = createExecutionContext();
      const response = await app.fetch(new Request(`${ORIGIN}${path}`, init), bound, context);
      const text = await response.text();
      await waitOnExecutionContext(context);
      const answer = { status: response.status, headers: response.headers, text, body: parsed(text) };
      expectContract({ method, path }, { ...answer, bodyText: text }, circumstances);
      return answer;
    },
    start(data, call = {}) {
      const headers = { "content-type": "application/json", ...call.headers };
      return gateway.call(RUN_PATH, { method: "POST", body: JSON.stringify({ data }), ...call, headers });
    },
    async gateOf(subject = "alice") {
      return env.USER_GATE.get(gateId(env.USER_GATE, await userKeyOf(issuer.issuer, subject)));
    },
  };
  return gateway;
}

async function makeSigningKey(): Promise<object> {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: crypto.randomUUID() };
}

// The product asks a binding for nothing but fetch.
function asFetcher(upstream: FakeUpstream): Fetcher {
  const fetcher: unknown = { fetch: (request: Request) => upstream.fetch(request) };
  return fetcher as Fetcher;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
