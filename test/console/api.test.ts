// The console's API: what each operation says to bad parameters and to an outage, and the pages of the audit.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import { noteAction, noteOutcome } from "../../src/operators/audit-store.ts";
import { metricsAggregator } from "../../src/operators/metrics-aggregator.ts";
import { isolateBudget } from "../../src/platform/memory-budget.ts";
import { countAttempt, emptySums, encodeSums } from "../../src/platform/observability/sums.ts";
import { toAttempt } from "../platform/observability/counted.ts";
import { failing } from "../support/bindings.ts";
import { evict } from "../support/evict.ts";
import { type Gateway, makeGateway } from "../support/gateway.ts";
import { freshIndex, NOON_MS } from "../support/operators-index.ts";
import { times } from "../support/times.ts";
import { words } from "../support/words.ts";
import { ask, HOOK, indexDeadLetters, keepRun, post, toIndexedDeadLetter } from "./bench.ts";

const RUN = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const USER = "u".repeat(43);

let gateway: Gateway;

beforeEach(async () => {
  await freshIndex();
  gateway = await makeGateway();
});

const READS = words`
  /overview /overview?span=week /runs /runs/${RUN} /users?issuer=https://login.example&subject=alice
  /users/${USER} /dead-letters /destinations /audit /redeliveries/${RUN}`;
const ACTIONS = [
  ...["poll", "redeliver", "abandon"].map((what) => `/runs/${RUN}/${what}`),
  `/users/${USER}/reset-window`,
  `/users/${USER}/open-runs/${RUN}/poll?run_id=${RUN}`,
];
const ON_FIRE = failing(/^OPERATORS_DB\./, () => new Error("D1 on fire"));
/** These ask the gate alone. */
const WITHOUT_INDEX = [
  "/destinations",
  "/users?issuer=https://login.example&subject=alice",
  `/users/${USER}`,
  ACTIONS[4],
];

describe("a bad parameter is named", () => {
  const MOMENT =
    "to must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z (in a URL, + is written %2B).";
  it.each([
    ["/overview?span=month", "span", "span must be one of hour, day, week."],
    ["/runs?cursor=x", "cursor", "cursor must be the next_cursor of a page of the same list."],
    ["/runs/1", "run_id", "run_id must be a UUID."],
    [`/runs/${RUN}?user=alice`, "user", "user must be a user key, 43 characters."],
    ["/users", "user", "user, or subject, is required."],
    ["/users/alice", "user", "user must be a user key, 43 characters."],
    ["/dead-letters?to=tomorrow", "to", MOMENT],
    ["/audit?cursor=x", "cursor", "cursor must be the next_cursor of a page of the same list."],
    ["/redeliveries/1", "id", "id must be a UUID."],
  ])("GET %s", async (path, parameter, detail) => {
    const { status, body } = await ask(gateway, path);
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ code: "bad_request", detail, source: { parameter } }]);
  });

  it.each([
    ["/runs/1/poll", "run_id"],
    ["/runs/1/redeliver", "run_id"],
    [`/runs/${RUN}/abandon?user=alice`, "user"],
    ["/users/alice/reset-window", "user"],
    [`/users/${USER}/open-runs/1/poll?run_id=${RUN}`, "run_key"],
    [`/users/${USER}/open-runs/${RUN}/poll`, "run_id"],
    [`/users/alice/open-runs/${RUN}/poll?run_id=${RUN}`, "user"],
  ])("POST %s", async (path, parameter) => {
    const { status, body } = await post(gateway, path);
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ source: { parameter } }]);
  });
});

describe("what does not exist is 404", () => {
  it.each([`/runs/${RUN}`, `/runs/${RUN}?user=${USER}`, `/redeliveries/${RUN}`, "/nowhere"])(
    "%s",
    async (path) => {
      expect((await ask(gateway, path)).status).toBe(404);
    },
  );

  it("and leaves no entry in the audit", async () => {
    for (const path of ACTIONS) expect((await post(gateway, path)).status).toBe(404);
    expect((await ask(gateway, "/audit")).body).toEqual({ entries: [], next_cursor: null });
  });
});

describe("an outage is 503, to be asked again, and says nothing of what is down", () => {
  it.each(
    [...READS, ...ACTIONS].filter((path) => !path.startsWith("/overview") && !WITHOUT_INDEX.includes(path)),
  )("of the operators' index: %s", async (path) => {
    await keepRun({ terms: { userKey: USER } });
    const down = await makeGateway({}, ON_FIRE);
    const answer = ACTIONS.includes(path) ? await post(down, path) : await ask(down, path);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(answer.text).not.toContain("on fire");
  });

  it.each([`/runs/${RUN}`, `/users/${USER}`])("of a gate: %s", async (path) => {
    await keepRun({ terms: { userKey: USER }, runId: RUN, fate: "dead" });
    await indexDeadLetters(env.OPERATORS_DB, [toIndexedDeadLetter({ runId: RUN, userKey: USER })]);
    const down = await makeGateway({}, failing(/^USER_GATE\./));
    expect((await ask(down, path)).status).toBe(503);
    expect((await ask(gateway, path)).status).toBe(200);
  });

  it("of a breaker", async () => {
    const sums = emptySums();
    countAttempt(sums, toAttempt({ outcome: "failed", failure: "no connection" }));
    await metricsAggregator(env.METRICS_AGGREGATOR).add(encodeSums(sums));
    const down = await makeGateway({}, failing(/^DESTINATION_BREAKER\./));
    expect((await ask(down, "/destinations")).status).toBe(503);
  });
});

describe("an isolate that has its hands full", () => {
  it("tells operators to come again, too", async () => {
    // Tests whose consumer dies leave work behind in the isolate that they share.
    let places = 1;
    for (;;) {
      const free = isolateBudget.tryEnter("probe", Date.now(), places);
      free?.leave();
      if (free !== null) break;
      places += 1;
    }
    const small = await makeGateway({ MAX_IN_FLIGHT: String(places) });
    const reservation = isolateBudget.tryEnter("another", Date.now(), 1_000);
    const answer = await ask(small, "/overview");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    reservation?.leave();
    expect((await ask(small, "/overview")).status).toBe(200);
  });
});

describe("the audit", () => {
  it("shows who did what, fifty a page, the newest first, each once", async () => {
    for (const n of times(120, (at) => at)) {
      const noted = { at_ms: NOON_MS + Math.floor(n / 7), id: crypto.randomUUID() };
      const action = "reset_window" as const;
      const via = "session" as const;
      const entry = { ...noted, operator: `o${n}`, via, action, target: USER, detail: null };
      await noteAction(env.OPERATORS_DB, entry);
      if (n > 0) await noteOutcome(env.OPERATORS_DB, noted, "done", null);
    }
    const pages = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const { body } = await ask(gateway, `/audit?cursor=${cursor}`);
      pages.push(body.entries);
      cursor = body.next_cursor;
    }
    expect(pages.map((entries) => entries.length)).toEqual([50, 50, 20]);
    const all = pages.flat();
    expect(new Set(all.map(({ operator }) => operator)).size).toBe(120);
    const newestFirst = all.map(({ at }: { at: string }) => Date.parse(at));
    expect(newestFirst).toEqual(newestFirst.toSorted((a, b) => b - a));
    expect(all.find(({ operator }) => operator === "o0")).toEqual({
      at: "2026-11-20T12:00:00.000Z",
      operator: "o0",
      via: "session",
      action: "reset_window",
      target: USER,
      detail: null,
      outcome: "unknown",
    });
  });
});

describe("a user", () => {
  it("whose windows were reset has none when the gate starts anew, either", async () => {
    const alice = await buildUserKey(gateway.issuer.issuer, "alice");
    await gateway.start({});
    await post(gateway, `/users/${alice}/reset-window`);
    await evict(await gateway.gateOf());
    expect((await ask(gateway, `/users/${alice}`)).body.windows).toEqual({ runs: null, results: null });
  });

  it("with very many rows is shown two hundred of a kind, those that are due first", async () => {
    const alice = await buildUserKey(gateway.issuer.issuer, "alice");
    const many = { claims: { rate_limit: { exempt: false, limit_override: 1000 } } };
    for (const idempotency_id of times(210, () => crypto.randomUUID()))
      await gateway.start({ idempotency_id, callback_url: HOOK }, many);
    const { open_runs, open_count, claims } = (await ask(gateway, `/users/${alice}`)).body;
    expect([open_runs.length, open_count, claims.length]).toEqual([200, 210, 200]);
    const dues = open_runs.map(({ due_at }: { due_at: string }): number => Date.parse(due_at));
    expect(dues).toEqual(dues.toSorted((a: number, b: number) => a - b));
  });
});
