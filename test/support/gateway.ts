// The whole gateway inside workerd, with its real bindings: only the upstream and the clock are not ours. Every answer
// that a test gets through here is checked against the contract.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { test } from "vitest";
import { createApp } from "../../src/app.ts";
import { buildUserKey } from "../../src/auth/caller.ts";
import { gateId } from "../../src/gate/address.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import type { AnswerBody } from "./answer-body.ts";
import { type Circumstances, expectContract, parseJson } from "./contract.ts";
import { logGuard } from "./log-guard.ts";
import { makeIssuer, makeSigningKey, type TestIssuer } from "./tokens.ts";
import { FakeUpstream } from "./upstream.ts";

export const ORIGIN = "http://127.0.0.1:8787";
export const ACTION = "11111111-2222-4333-8444-555555555555";
export const RUN_PATH = `/actions/v1/stored-actions/${ACTION}/run`;
/** An idempotency id. */
export const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
/** With which the fake upstream proves itself. */
export const COMPLETION_TOKEN = crypto.randomUUID();
/** Written out: tests expect moments and numbers of attempts that must not change with the default. */
const RETRY_SCHEDULE = "5,300,1800,7200,18000,36000,50400,72000,86400";

/** For a page: no document describes what is on it, not even when it tells of an error. */
export const PAGE = { circumstances: { errorFrom: "upstream" } } as const;

export type Answer = { status: number; headers: Headers; text: string; body: AnswerBody };

export type Call = {
  method?: string;
  /** Claims of the caller's token; `null` sends none. */
  claims?: Record<string, unknown> | null;
  /** Signs the token in place of the gateway's first issuer. */
  issuer?: TestIssuer;
  /** The path goes in as the runtime hands it over from the wire: dot segments, backslashes and escapes as they are. */
  raw?: boolean;
  headers?: Record<string, string>;
  body?: BodyInit;
  circumstances?: Circumstances;
};

export type Gateway = {
  issuer: TestIssuer;
  upstream: FakeUpstream;
  /** What the Worker gets: settings and bindings. */
  env: Env;
  /** Sends one request, checks nothing and waits for nothing: it may never end. `rest` is what it leaves behind (waitUntil). */
  begin(path: string, call?: Call): { response: Promise<Response>; rest: () => Promise<void> };
  /** Sends one request and waits for everything that it left behind (waitUntil). */
  call(path: string, call?: Call): Promise<Answer>;
  /** Starts a run of ACTION with `data`, as alice unless the claims say otherwise. */
  start(data: unknown, call?: Call): Promise<Answer>;
  gateOf(subject?: string): Promise<DurableObjectStub<UserGate>>;
};

/** A start of ACTION with `data`, for `call` and `begin`. */
export function buildStart(data: unknown, call: Call = {}): Call {
  const headers = { "content-type": "application/json", ...call.headers };
  return { method: "POST", body: JSON.stringify({ data }), ...call, headers };
}

/**
 * `vars` are settings; `bindings` stand in for the real ones (to count, to fail, to hang); `others` are the other
 * parties, given when two gateways share them, and further issuers that the gateway trusts.
 */
export async function makeGateway(
  vars: Record<string, string> = {},
  bindings: (env: Env) => Partial<Env> = () => ({}),
  others: { upstream?: FakeUpstream; issuer?: TestIssuer; moreIssuers?: TestIssuer[] } = {},
): Promise<Gateway> {
  const app = createApp();
  const upstream = others.upstream ?? new FakeUpstream();
  const issuer = others.issuer ?? (await makeIssuer("https://login.example"));
  const settings = {
    JWT_ISSUERS: JSON.stringify([issuer, ...(others.moreIssuers ?? [])].map((trusted) => trusted.settings)),
    SIGNING_KEYS: JSON.stringify({ keys: [await makeSigningKey()] }),
    CALLBACK_RETRY_SCHEDULE: RETRY_SCHEDULE,
    COMPLETION_TOKEN,
    ...vars,
  };
  const base = { ...env, ...settings, UPSTREAM: asFetcher(upstream) };
  const bound: Env = { ...base, ...bindings(base) };

  const send = async (path: string, call: Call, context: ExecutionContext): Promise<Response> =>
    app.fetch(await buildRequest(issuer, path, call), bound, context);

  const gateway: Gateway = {
    issuer,
    upstream,
    env: bound,
    begin(path, call = {}) {
      const context = createExecutionContext();
      return { response: send(path, call, context), rest: () => waitOnExecutionContext(context) };
    },
    async call(path, call = {}) {
      const context = createExecutionContext();
      const response = await send(path, call, context);
      const text = await response.text();
      await waitOnExecutionContext(context);
      logGuard.secrets.add(text);
      const answer = {
        status: response.status,
        headers: response.headers,
        text,
        body: parseJson(text) as AnswerBody,
      };
      const asked = { method: call.method ?? "GET", path };
      expectContract(asked, { ...answer, bodyText: text }, call.circumstances);
      return answer;
    },
    start: (data, call) => gateway.call(RUN_PATH, buildStart(data, call)),
    async gateOf(subject = "alice") {
      return env.USER_GATE.get(gateId(env.USER_GATE, await buildUserKey(issuer.issuer, subject)));
    },
  };
  return gateway;
}

/** Of tests that need a gateway with no settings of their own, behind what is done before each. */
export const it = test.extend("gateway", () => makeGateway());

async function buildRequest(
  first: TestIssuer,
  path: string,
  { method = "GET", claims = {}, issuer = first, raw = false, headers = {}, body }: Call,
): Promise<Request> {
  logGuard.secrets.addQuery(`${ORIGIN}${path}`);
  if (typeof body === "string") logGuard.secrets.addBody(body);
  const authorization = claims === null ? {} : { authorization: `Bearer ${await issuer.token(claims)}` };
  // Off the wire a GET may come with a body; no such Request can be made.
  const impossible = body !== undefined && ["GET", "HEAD"].includes(method);
  const init = {
    method: impossible ? "POST" : method,
    headers: { ...authorization, ...headers },
    ...(body === undefined ? {} : { body }),
  };
  const request = new Request(`${ORIGIN}${path}`, init);
  if (impossible) Object.defineProperty(request, "method", { value: method });
  return raw ? Object.defineProperty(request, "url", { value: `${ORIGIN}${path}` }) : request;
}

// The product asks a binding for nothing but fetch.
function asFetcher(upstream: FakeUpstream): Fetcher {
  const fetcher: unknown = { fetch: (request: Request) => upstream.fetch(request) };
  return fetcher as Fetcher;
}
