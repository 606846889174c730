// docs/security.md, The console: only an operator reaches anything, and what is stored is data and nothing else.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { metricsAggregator } from "../../src/operators/metrics-aggregator.ts";
import { countAttempt, emptySums, encodeSums } from "../../src/platform/observability/sums.ts";
import type { AttemptFailure } from "../../src/runs/attempt.ts";
import { indexDeadLetters, keepRun, toIndexedDeadLetter } from "../console/bench.ts";
import { toAttempt } from "../platform/observability/counted.ts";
import { counting } from "../support/bindings.ts";
import { type Call, type Gateway, makeGateway } from "../support/gateway.ts";
import { NOON_MS } from "../support/operators-index.ts";
import { words } from "../support/words.ts";
import { itAddsUp } from "./bench.ts";
import {
  access,
  assertion,
  at,
  calls,
  cookie,
  DOORS,
  type DoorAnswer,
  expectUntouched,
  JSON_TYPE,
  knock,
  login,
  makeCounted,
  OLGA,
  own,
  PAST,
  posting,
  RUN,
  stranger,
  useDoors,
} from "./console-doors.ts";

const ATTACKER = "v".repeat(43);

useDoors();
const { counts, expectRefused, expectServed } = makeCounted();

type Impostor = [name: string, status: 401 | 403, whose: () => Gateway, call: () => Promise<Call>];

/** One for each way in; which proofs are none is told in test/auth/operator.test.ts. */
const IMPOSTORS: Impostor[] = [
  ["no proof", 401, () => at.gateway, async () => ({})],
  ["a caller", 403, () => at.gateway, async () => ({ claims: { sub: "alice", scope: "external" } })],
  [
    "a caller in a session",
    403,
    () => at.gateway,
    async () => cookie(await login.token({ scope: "external" })),
  ],
  [
    "an expired session",
    401,
    () => at.gateway,
    async () => cookie(await login.token({ ...OLGA, exp: PAST })),
  ],
  ["another issuer", 401, () => at.gateway, async () => ({ claims: OLGA, issuer: stranger })],
  [
    "a session under another name",
    401,
    () => at.gateway,
    async () => cookie(await login.token(OLGA), "session"),
  ],
  ["an assertion where Access is not set up", 401, () => at.gateway, () => assertion()],
  ["an assertion for another application", 401, () => at.behindAccess, () => assertion({ aud: "another" })],
  ["an assertion as a session", 401, () => at.behindAccess, async () => cookie(await access.token(OLGA))],
  ["an e-mail beside no assertion", 401, () => at.behindAccess, async () => ({ headers: EMAIL })],
];
const EMAIL = { "cf-access-authenticated-user-email": "olga@example.com" };

describe("every door opens to an operator alone", () => {
  it.each(DOORS)("$method $path", async (door) => {
    for (const [, status, whose, call] of IMPOSTORS) {
      const given = own(await call());
      expectRefused(await expectUntouched(() => knock(whose(), door, given)), door.path, status);
    }
    expectServed(await knock(at.gateway, door, { claims: OLGA }));
    expectServed(await knock(at.gateway, door, own(cookie(await login.token(OLGA)))));
    expectServed(await knock(at.behindAccess, door, own(await assertion())));
  });

  it.each([
    ["/console/api/nowhere", 401],
    ["/console/api/runs/", 401],
    ["/console/api//runs", 401],
    ["/console/nowhere", 303],
    ["/console/apis/runs", 303],
    ["/console/API/runs", 303],
    ["/console/sign-in/../runs", 303],
    ["/console/assets/../runs", 303],
    ["/console/assets/..%2fruns", 303],
    ["/console/sign-in/runs", 303],
    ["/console/runs;/sign-in", 303],
    ["//console/runs", 404],
    ["/Console/runs", 404],
  ])("%s is no way around: %i", async (path, status) => {
    const answer = await expectUntouched(() => knock(at.gateway, { method: "GET", path }, { raw: true }));
    expect([answer.status, answer.text.includes(RUN)]).toEqual([status, false]);
    counts.refused += 1;
  });

  it("where no way to sign in is set up: not even for who was an operator before", async () => {
    const vars = { PUBLIC_URL: "https://edge.example" };
    const off = await makeGateway(vars, counting(calls), { issuer: login });
    const on = await makeGateway({ ...vars, OPERATOR_SCOPE: "operator" }, counting(calls), { issuer: login });
    for (const door of DOORS) {
      const answer = await expectUntouched(() => knock(off, door, { claims: OLGA }));
      expect(answer.status).toBe(403);
      counts.refused += 1;
      expectServed(await knock(on, door, { claims: OLGA }));
    }
  });
});

describe("what is stored comes back from the API as data", () => {
  const MARKUP = `"><script>alert('x')</script><img src=x onerror=alert(1)>\u2028]]>`;

  it("no matter who wrote it, and is never a document", async () => {
    const callbackUrl = `https://client.example/${encodeURIComponent(MARKUP)}?q=<script>`;
    const who = { userKey: ATTACKER, issuer: `https://i.example/${MARKUP}`, subject: MARKUP, callbackUrl };
    const failure = MARKUP as AttemptFailure;
    const runId = await keepRun({ terms: who, fate: "dead", failure });
    // Newer than the other one, so that it is the first of every list.
    const deadLetter = toIndexedDeadLetter({ ...who, runId, diedAtMs: NOON_MS + 1, reason: MARKUP });
    await indexDeadLetters(env.OPERATORS_DB, [deadLetter]);
    const begin = posting("/console/api/dead-letters/redeliver", JSON_TYPE, JSON.stringify({ host: MARKUP }));
    const begun = await knock(at.gateway, begin, { claims: { ...OLGA, sub: MARKUP } });
    const { id } = JSON.parse(begun.text);
    const { runs } = await read(`/runs?user=${ATTACKER}`);
    expect(runs[0]).toMatchObject({ subject: MARKUP, issuer: `https://i.example/${MARKUP}` });
    const run = await read(`/runs/${runId}`);
    expect([run.callback_url, run.time_line[3].attempt.error]).toEqual([callbackUrl, MARKUP]);
    const { dead_letters: deadLetters, groups } = await read("/dead-letters");
    expect([deadLetters[0].reason, groups[0].reason]).toEqual([MARKUP, MARKUP]);
    expect((await read(`/users/${ATTACKER}`)).subject).toBe(MARKUP);
    expect(await read(`/redeliveries/${id}`)).toMatchObject({ operator: MARKUP, filter: { host: MARKUP } });
    expect((await read("/audit")).entries[0]).toMatchObject({ operator: MARKUP, detail: `to ${MARKUP}` });
    const sums = emptySums();
    countAttempt(sums, toAttempt({ host: MARKUP }));
    await metricsAggregator(env.METRICS_AGGREGATOR).add(encodeSums(sums));
    expect((await read("/destinations")).destinations[0].host).toBe(MARKUP);
    counts.served += 7;
  });

  it.each(words`
    runs?state= runs?cursor= runs/ users/ redeliveries/ /`)(
    "and what was sent does not come back at all: %s",
    async (place) => {
      const path = `/console/api/${place}${encodeURIComponent(MARKUP)}`;
      const answer = await knock(at.gateway, { method: "GET", path }, { claims: OLGA });
      expect([400, 404]).toContain(answer.status);
      expect(answer.text).not.toContain("alert");
      expectData(answer);
      counts.refused += 1;
    },
  );
});

itAddsUp(counts, { refused: 525, served: 191 });

function expectData({ headers }: DoorAnswer): void {
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("access-control-allow-origin")).toBeNull();
}

async function read(path: string) {
  const answer = await knock(at.gateway, { method: "GET", path: `/console/api${path}` }, { claims: OLGA });
  expect(answer.status).toBe(200);
  expectData(answer);
  return JSON.parse(answer.text);
}
