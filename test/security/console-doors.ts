// The doors of the console, and who knocks: what the suites about it have in common.
import { afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import { indexDeadLetters, keepRun, toIndexedDeadLetter } from "../console/bench.ts";
import { counting } from "../support/bindings.ts";
import { type Answer, type Call, type Gateway, makeGateway, ORIGIN, PAGE } from "../support/gateway.ts";
import { freshIndex } from "../support/operators-index.ts";
import { TestQueue } from "../support/queue.ts";
import { makeIssuer } from "../support/tokens.ts";
import { words } from "../support/words.ts";

/** It may say that a session is over, and remember a page of the console. */
const SIGN_IN = /^\/console\/sign-in(?:\?(?:error=(?:expired|signed_out)&?)?(?:next=%2Fconsole%2F[^&]*)?)?$/;

export const RUN = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const USER = "u".repeat(43);
/** An hour from now, to the second. */
const UNTIL = `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)}Z`;
const TEAM = "console-security.cloudflareaccess.com";
export const OLGA = { sub: "olga", scope: "operator" };
const OWN = { origin: ORIGIN, "sec-fetch-site": "same-origin" };
export const FORM = { "content-type": "application/x-www-form-urlencoded" };
export const JSON_TYPE = { "content-type": "application/json" };

export const PAST = Math.floor(Date.now() / 1000) - 60;

export type Door = { method: "GET" | "POST"; path: string; headers?: Record<string, string>; body?: string };

export const API_READS: Door[] = words`
  /overview /runs /runs/${RUN} /users?issuer=i&subject=s /users/${USER} /dead-letters /destinations /audit
  /redeliveries/${RUN} /charges?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z`.map((path) => ({
  method: "GET",
  path: `/console/api${path}`,
}));

export function posting(path: string, headers: Record<string, string>, body: string): Door {
  return { method: "POST", path, headers, body };
}

/** What an operator can do, by a way that ends alike in the API and on the pages. */
function actionsUnder(prefix: string): Door[] {
  const onRun = ["poll", "redeliver", "abandon"].map((what) => `/runs/${RUN}/${what}`);
  const paths = [...onRun, `/users/${USER}/reset-window`];
  return paths.map((path) => ({ method: "POST", path: `${prefix}${path}` }));
}

export const API_ACTIONS: Door[] = [
  ...actionsUnder("/console/api"),
  { method: "POST", path: "/console/api/reindex" },
  { method: "POST", path: `/console/api/users/${USER}/open-runs/${RUN}/poll?run_id=${RUN}` },
  posting("/console/api/dead-letters/redeliver", JSON_TYPE, '{"host":"client.example"}'),
  { method: "POST", path: `/console/api/users/${USER}/block?until=${UNTIL}` },
  { method: "POST", path: `/console/api/users/${USER}/limit?limit=5&until=${UNTIL}` },
  { method: "POST", path: `/console/api/users/${USER}/lift` },
  { method: "POST", path: "/console/api/destinations/pause?host=client.example" },
  { method: "POST", path: "/console/api/destinations/resume?host=client.example" },
  { method: "POST", path: `/console/api/runs/${RUN}/dismiss?dismissal=x` },
  posting("/console/api/dead-letters/dismiss", JSON_TYPE, '{"host":"client.example","dismissal":"x"}'),
];

const PAGES: Door[] = [
  "",
  ...words`
  /runs /runs/${RUN} /users /users/${USER} /dead-letters /redeliveries/${RUN} /destinations /audit`,
].map((path) => ({ method: "GET", path: `/console${path}` }));

const PAGE_ACTIONS: Door[] = [
  ...actionsUnder("/console"),
  posting(`/console/users/${USER}/open-runs/${RUN}/poll`, FORM, `run_id=${RUN}`),
  posting(`/console/users/${USER}/block`, FORM, `until=${UNTIL}`),
  posting(`/console/users/${USER}/limit`, FORM, `limit=5&until=${UNTIL}`),
  posting(`/console/users/${USER}/lift`, FORM, ""),
  posting("/console/destinations/pause", FORM, "host=client.example"),
  posting("/console/destinations/resume", FORM, "host=client.example"),
  posting("/console/dead-letters/redeliver", FORM, "what=range&host=client.example"),
  posting("/console/dead-letters/dismiss", FORM, "what=range&host=client.example&dismissal=x"),
  posting(`/console/runs/${RUN}/dismiss`, FORM, "dismissal=x"),
];

export const DOORS = [...API_READS, ...API_ACTIONS, ...PAGES, ...PAGE_ACTIONS];
export const ACTIONS = [...API_ACTIONS, ...PAGE_ACTIONS];

export const login = await makeIssuer("https://login.example");
export const stranger = await makeIssuer("https://stranger.example");
export const access = await makeIssuer(`https://${TEAM}`, { alg: "RS256", audience: "the-console" });

export const calls: string[] = [];
let queue: TestQueue;
/** `gateway`: tokens open the console here. `behindAccess`: Cloudflare Access does, too. */
export const at = {} as { gateway: Gateway; behindAccess: Gateway };

/** A run that has ended as a dead letter, behind each door. */
export function useDoors(): void {
  beforeAll(async () => {
    at.gateway = await makeGateway({}, counting(calls), { issuer: login });
    const vars = { ACCESS_TEAM_DOMAIN: TEAM, ACCESS_AUD: "the-console", OPERATOR_SCOPE: "operator" };
    at.behindAccess = await makeGateway(vars, counting(calls), { issuer: login });
  });
  beforeEach(async () => {
    const index = await freshIndex();
    await keepRun({ terms: { userKey: USER }, runId: RUN, fate: "dead" });
    await indexDeadLetters(index, [toIndexedDeadLetter({ runId: RUN, userKey: USER })]);
    queue = new TestQueue();
    queue.install();
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json(access.jwks));
  });
  afterEach(() => void vi.restoreAllMocks());
}

export type DoorAnswer = Answer & { location: string | null };

export async function knock(gateway: Gateway, door: Door, call: Call = {}): Promise<DoorAnswer> {
  const { method, path, headers = {}, body } = door;
  const ofPage = path.startsWith("/console/api/") ? {} : PAGE;
  const given = { method, claims: null, ...ofPage, ...call, headers: { ...headers, ...call.headers } };
  const answer = await gateway.call(path, { ...given, ...(body !== undefined && { body }) });
  return { ...answer, location: answer.headers.get("location") };
}

/** Neither the operators' index nor a gate, a breaker or the queue heard of it. */
export async function expectUntouched(knocking: () => Promise<DoorAnswer>): Promise<DoorAnswer> {
  calls.length = 0;
  const offered = queue.offered.length;
  const answer = await knocking();
  expect(calls.filter((name) => !name.startsWith("KV."))).toEqual([]);
  expect(queue.offered).toHaveLength(offered);
  return answer;
}

/** What a suite expects of a door, and its count. */
export function makeCounted() {
  const counts = { refused: 0, served: 0 };
  return {
    counts,
    /** 401 or 403 in the API; on a page the way to sign in, or a page that shows nothing. */
    expectRefused: ({ status, location, text }: DoorAnswer, path: string, expected: 401 | 403): void => {
      if (path.startsWith("/console/api/") || expected === 403) expect(status).toBe(expected);
      else expect([status, location]).toEqual([303, expect.stringMatching(SIGN_IN)]);
      expect(text).not.toContain(RUN);
      expect(text).not.toContain("client.example");
      counts.refused += 1;
    },
    /** Whatever the door has to say, it is open: no way to sign in, no 401, no 403. */
    expectServed: ({ status, location }: DoorAnswer): void => {
      expect([200, 202, 303, 404, 409]).toContain(status);
      expect(location ?? "").not.toContain("sign-in");
      counts.served += 1;
    },
  };
}

export function cookie(token: string, name = "edge_console"): Call {
  return { headers: { cookie: `${name}=${token}` } };
}

/** A session or an assertion with what the console's own pages send along. */
export function own(call: Call): Call {
  return { ...call, headers: { ...OWN, ...call.headers } };
}

export async function assertion(claims: Record<string, unknown> = {}): Promise<Call> {
  const token = await access.token({ sub: "1", email: "olga@example.com", ...claims });
  return { headers: { "cf-access-jwt-assertion": token } };
}
