// What every answer of the gateway tells browsers and caches, for every caller and every outcome. The API is JSON for
// programs: nothing of it may be sniffed, framed, run as a page or kept by a cache, but what is public and says so.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import {
  ACTION,
  type Answer,
  buildStart,
  type Call,
  type Gateway,
  ID,
  makeGateway,
  RUN_PATH,
} from "../support/gateway.ts";
import { freshIndex } from "../support/operators-index.ts";
import { json } from "../support/upstream.ts";

const RUN = `/actions/v1/stored-actions/${ACTION}/runs/${ID}`;
const SPAN = "from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z";
const ENDED = { type: "run", id: ID, status: "success", results: [], next_page: null, errors: [] };
const KEPT_BY_ALL = { "cache-control": "public, max-age=60", expires: "Sun, 01 Jan 2040 00:00:00 GMT" };
const NO_TOKEN = { claims: null };

const ALWAYS = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
  "server-timing": expect.stringMatching(/^(\w+;dur=\d+, )*total;dur=\d+$/),
};

beforeEach(async () => {
  await freshIndex();
});
afterEach(() => {
  vi.restoreAllMocks();
});

type Case = {
  name: string;
  status: number;
  path: string;
  call?: Call;
  prepare?: (gateway: Gateway) => unknown;
};

const upstreamSays = (answer: () => Response) => (gateway: Gateway) =>
  gateway.upstream.behave(() => answer());

const html = (status: number) => {
  const headers = { "content-type": "text/html", "cache-control": "public" };
  return upstreamSays(() => new Response("<html>", { status, headers }));
};

/** One for each way to an answer: src/http/middleware/observe.ts sets the headers of all of them. */
const cases: Case[] = [
  { name: "a start", status: 202, path: RUN_PATH, call: buildStart({}) },
  { name: "a start without a token", status: 401, path: RUN_PATH, call: buildStart({}, NO_TOKEN) },
  { name: "a large body", status: 413, path: RUN_PATH, call: buildStart({ inputs: "x".repeat(2_000) }) },
  {
    name: "a start that the upstream fails",
    status: 500,
    path: RUN_PATH,
    call: buildStart({}),
    prepare: html(500),
  },
  { name: "a read of a run", status: 200, path: RUN, prepare: upstreamSays(() => json(200, ENDED)) },
  { name: "deliveries of nothing", status: 404, path: `${RUN}/deliveries` },
  { name: "usage", status: 200, path: `/usage?${SPAN}` },
  { name: "usage as CSV", status: 200, path: `/usage?${SPAN}`, call: { headers: { accept: "text/csv" } } },
  {
    name: "a pass-through of what the upstream lets all caches keep",
    status: 200,
    path: "/actions/v1/apps",
    prepare: upstreamSays(() => json(200, {}, KEPT_BY_ALL)),
  },
  {
    name: "a read of a run of which it says the same",
    status: 200,
    path: RUN,
    prepare: upstreamSays(() => json(200, ENDED, KEPT_BY_ALL)),
  },
  { name: "a pass-through that fails", status: 500, path: "/actions/v1/apps", prepare: html(500) },
  { name: "a path to nowhere", status: 404, path: "/nowhere", call: NO_TOKEN },
  {
    name: "a method that is none",
    status: 405,
    path: "/openapi.json",
    call: { ...NO_TOKEN, method: "POST" },
  },
  { name: "a forged completion", status: 404, path: "/completions/x", call: { ...NO_TOKEN, method: "POST" } },
  { name: "health", status: 200, path: "/healthz", call: NO_TOKEN },
];

describe("an answer may not be sniffed, framed or kept", () => {
  it.each(cases)("$name ($status)", async ({ status, path, call, prepare }) => {
    const answer = await fetchAnswer(path, call, prepare);
    expect(answer.status).toBe(status);
    expect(toHeaders(answer)).toMatchObject({ ...ALWAYS, "cache-control": "no-store" });
    expect(answer.headers.has("expires")).toBe(false);
  });

  it("not even one that a fault of ours is behind (500)", async () => {
    const broken: unknown = {};
    const gateway = await makeGateway({}, () => ({ USER_GATE: broken as Env["USER_GATE"] }));
    const answer = await gateway.start({}, { circumstances: { rateLimit: "any" } });
    expect(answer.status).toBe(500);
    expect(toHeaders(answer)).toMatchObject({ ...ALWAYS, "cache-control": "no-store" });
  });
});

describe("a cache may keep", () => {
  it.each(["/.well-known/jwks.json", "/openapi.json"])("%s for five minutes", async (path) => {
    expect(toHeaders(await fetchAnswer(path, NO_TOKEN))).toMatchObject({
      ...ALWAYS,
      "cache-control": "public, max-age=300",
    });
  });

  it.each([200, 304])("nothing that passes through, which keeps its validators (%i)", async (status) => {
    const validators = { etag: '"1"', vary: "Accept-Language" };
    const answer = await fetchAnswer(
      "/actions/v1/apps",
      { headers: { "if-none-match": '"1"' } },
      upstreamSays(() => new Response(null, { status, headers: { ...validators, ...KEPT_BY_ALL } })),
    );
    expect(answer.status).toBe(status);
    expect(toHeaders(answer)).toMatchObject({ ...ALWAYS, ...validators, "cache-control": "no-store" });
  });
});

describe("Strict-Transport-Security", () => {
  it.each([
    { url: "https://edge.example/healthz", expected: "max-age=31536000" },
    { url: "https://edge.example/nowhere", expected: "max-age=31536000" },
    { url: "http://127.0.0.1:8787/healthz", expected: null },
  ])("$url: $expected", async ({ url, expected }) => {
    const { env } = await makeGateway({ PUBLIC_URL: "https://edge.example" });
    const context = createExecutionContext();
    const { headers } = await createApp().fetch(new Request(url), env, context);
    await waitOnExecutionContext(context);
    expect(headers.get("strict-transport-security")).toBe(expected);
  });
});

async function fetchAnswer(path: string, call: Call = {}, prepare?: Case["prepare"]): Promise<Answer> {
  const gateway = await makeGateway({ MAX_BODY_BYTES: "1000" });
  await prepare?.(gateway);
  return gateway.call(path, { circumstances: { rateLimit: "any", errorFrom: "upstream" }, ...call });
}

function toHeaders({ headers }: Answer): Record<string, string> {
  return Object.fromEntries(headers);
}
