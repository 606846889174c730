// Every charge of every user, once, from the gates themselves: whatever is charged meanwhile, wherever an export is taken
// up again, and without D1.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { GateStore } from "../../src/gate/store/gate-store.ts";
import { exportCharges } from "../../src/operators/charges-export.ts";
import type { ExportPosition } from "../../src/operators/charges-query.ts";
import { failing, replacing } from "../support/bindings.ts";
import { HOUR, MINUTE, moveClock, T0 } from "../support/clock.ts";
import { type Gateway, makeGateway } from "../support/gateway.ts";
import { BILLING } from "../support/terms.ts";
import { times } from "../support/times.ts";
import { ACTION, ask, charge, freshStores, gateOf, loseIndex, pass, ring, stubOf, userKey } from "./bench.ts";

freshStores();

const SPAN = "from=2040-01-01T00:00:00Z&to=2040-01-01T01:00:00Z";
const DEPS = { kv: env.KV, gates: env.USER_GATE };
const START: ExportPosition = { cursor: null, after: "", within: null };

/** So many charges, of so many users in turn, a second apart. Says their runs. */
async function chargeMany(users: number, charges: number): Promise<string[]> {
  const runs: string[] = [];
  for (let n = 0; n < charges; n += 1) {
    runs.push(await charge(`user-${n % users}`));
    moveClock(1_000);
  }
  for (let n = 0; n < users; n += 1) await ring(`user-${n}`);
  return runs;
}

type Row = { run_id: string; subject: string };

async function exportAll(
  gateway: Gateway,
  path = `/charges?${SPAN}`,
): Promise<{ rows: Row[]; pages: number }> {
  const rows: Row[] = [];
  let next: string | null = path;
  for (let pages = 0; ; pages += 1) {
    if (next === null) return { rows, pages };
    const { status, text, headers } = await ask(gateway, next);
    expect(status).toBe(200);
    rows.push(
      ...text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    );
    const link = /^<http:\/\/127\.0\.0\.1:8787\/console\/api(.*)>; rel="next"$/.exec(
      headers.get("link") ?? "",
    );
    next = link?.[1] ?? null;
  }
}

it("a charge is a line that says all of it, and whose it is", async () => {
  const runId = await charge("alice", {
    billing: { ...BILLING, description: 'a, "b"', exemption_reason: "trial" },
  });
  await ring("alice");
  moveClock(2 * HOUR);
  const gateway = await makeGateway();
  const row = {
    user: await userKey("alice"),
    issuer: "https://login.example",
    subject: "alice",
    run_id: runId,
    stored_action_id: ACTION,
    charged_at: "2040-01-01T00:00:00.000Z",
    tasks: 1,
    origin: "actions_api",
    usage_type: "action_run",
    description: 'a, "b"',
    exemption_reason: "trial",
    exemption_details: null,
  };
  const { headers, text } = await ask(gateway, `/charges?${SPAN}`);
  expect(headers.get("content-type")).toBe("application/x-ndjson");
  expect([headers.get("link"), headers.get("x-next-cursor")]).toEqual([null, null]);
  expect(text).toBe(`${JSON.stringify(row)}\n`);
  const csv = await ask(gateway, `/charges?${SPAN}`, { headers: { accept: "text/csv" } });
  expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
  expect(csv.text).toBe(
    "user,issuer,subject,run_id,stored_action_id,charged_at,tasks,origin,usage_type,description,exemption_reason,exemption_details\r\n" +
      `${row.user},https://login.example,alice,${runId},${ACTION},2040-01-01T00:00:00.000Z,1,actions_api,action_run,"a, ""b""",trial,\r\n`,
  );
});

it("of 42 users every charge is given once, in pages of 40 users, each with the cursor of its own span", async () => {
  const runs = await chargeMany(42, 44);
  moveClock(3 * HOUR);
  const gateway = await makeGateway();
  const { rows, pages } = await exportAll(gateway);
  expect(pages).toBe(2);
  expect(rows.map(({ run_id }) => run_id).toSorted()).toEqual(runs.toSorted());
  expect(new Set(rows.map(({ subject }) => subject)).size).toBe(42);
  const cursor = (await ask(gateway, `/charges?${SPAN}`)).headers.get("x-next-cursor");
  const other = "from=2040-01-01T00:00:00Z&to=2040-01-01T02:00:00Z";
  const { status, body } = await ask(gateway, `/charges?${other}&cursor=${cursor}`);
  expect([status, body.errors[0].source]).toEqual([400, { parameter: "cursor" }]);
});

it("holds up at any number of users and charges a page, and may be taken up again at each", async () => {
  const runs = await chargeMany(5, 23);
  const span = { fromMs: T0, toMs: T0 + HOUR };
  for (const limits of [
    { gates: 1, charges: 1 },
    { gates: 2, charges: 3 },
    { gates: 5, charges: 5 },
    { gates: 40, charges: 7 },
  ]) {
    const given: string[] = [];
    for (let at: ExportPosition | null = START; at !== null; ) {
      const page = await exportCharges(DEPS, span, at, limits);
      expect(await exportCharges(DEPS, span, at, limits)).toEqual(page);
      expect(page?.charges.length).toBeLessThanOrEqual(limits.charges);
      given.push(...(page?.charges ?? []).map(({ runId }) => runId));
      at = page?.next ?? null;
    }
    expect(given.toSorted()).toEqual(runs.toSorted());
  }
});

it("what is charged, and who comes in, between two pages is not in a span that was over", async () => {
  const runs = await chargeMany(3, 9);
  moveClock(2 * HOUR);
  const given: string[] = [];
  let newcomers = 0;
  for (let at: ExportPosition | null = START; at !== null; newcomers += 1) {
    const page = await exportCharges(DEPS, { fromMs: T0, toMs: T0 + HOUR }, at, { gates: 2, charges: 2 });
    given.push(...(page?.charges ?? []).map(({ runId }) => runId));
    at = page?.next ?? null;
    for (const subject of ["user-0", "user-2", `newcomer-${newcomers}`]) {
      await charge(subject);
      await ring(subject);
    }
  }
  expect(newcomers).toBeGreaterThan(3);
  expect(given.toSorted()).toEqual(runs.toSorted());
});

it("what is charged after an export is in the next one, and in no other", async () => {
  const first = await chargeMany(2, 4);
  moveClock(HOUR - 4_000);
  const second = await chargeMany(2, 4);
  moveClock(2 * HOUR);
  const gateway = await makeGateway();
  const of = async (span: string) =>
    (await exportAll(gateway, `/charges?${span}`)).rows.map((row) => row.run_id);
  expect((await of(SPAN)).toSorted()).toEqual(first.toSorted());
  const next = await of("from=2040-01-01T01:00:00Z&to=2040-01-01T02:00:00Z");
  expect(next.toSorted()).toEqual(second.toSorted());
});

it("is complete when D1 is gone altogether", async () => {
  const runs = await chargeMany(3, 6);
  await loseIndex();
  moveClock(2 * HOUR);
  const down = await makeGateway({}, failing(/^OPERATORS_DB\./));
  const { rows } = await exportAll(down);
  expect(rows.map(({ run_id }) => run_id).toSorted()).toEqual(runs.toSorted());
});

it("a gate that does not answer is 503, and the same request gives all once it does", async () => {
  const runs = await chargeMany(3, 6);
  moveClock(2 * HOUR);
  let calls = 0;
  const flaky = await makeGateway(
    {},
    replacing("USER_GATE.pastUsage", ({ perform }) => {
      calls += 1;
      return calls === 2 ? Promise.reject(new Error("down")) : perform();
    }),
  );
  const failed = await ask(flaky, `/charges?${SPAN}`);
  expect([failed.status, failed.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(failed.text).not.toContain("down");
  const { rows } = await exportAll(flaky);
  expect(rows.map(({ run_id }) => run_id).toSorted()).toEqual(runs.toSorted());
});

it("so is a registry that does not answer", async () => {
  moveClock(2 * HOUR);
  const down = await makeGateway({}, failing(/^KV\.list/));
  expect((await ask(down, `/charges?${SPAN}`)).status).toBe(503);
});

it("a page has a thousand charges, and the next one goes on in the middle of a user's", async () => {
  await charge("alice");
  await runInDurableObject(await stubOf("alice"), (_gate, { storage }) => {
    const { charges } = new GateStore(storage);
    for (const n of times(1_000, (at) => at))
      charges.add({ runId: `run-${n}`, storedActionId: null, billing: BILLING }, T0, 0);
  });
  await ring("alice");
  moveClock(2 * HOUR);
  const { rows, pages } = await exportAll(await makeGateway());
  expect([rows.length, pages]).toEqual([1_001, 2]);
  expect(rows.slice(1).map(({ run_id }) => run_id)).toEqual(times(1_000, (n) => `run-${n}`));
});

it.each([
  ["ten minutes behind", 10 * MINUTE],
  ["an hour behind", HOUR],
])("a span that was exported gets no further charge of a gate whose clock is %s", async (_, behindMs) => {
  const first = await charge("alice");
  await ring("alice");
  const span = { fromMs: T0, toMs: Date.now() + behindMs };
  const read = async ({ fromMs, toMs } = span) =>
    (await exportCharges(DEPS, { fromMs, toMs }, START))?.charges.map(({ runId }) => runId);
  expect(await read()).toEqual([first]);
  const later = await charge("alice");
  moveClock(2 * HOUR);
  expect(await read()).toEqual([first]);
  expect(await read({ fromMs: span.toMs, toMs: T0 + 2 * HOUR })).toContain(later);
});

it("a gate whose clock is more than an hour behind stops the page", async () => {
  await charge("alice");
  await ring("alice");
  expect(await exportCharges(DEPS, { fromMs: T0, toMs: Date.now() + HOUR + 1 }, START)).toBeNull();
});

const NOW_SPAN = "from=2040-01-01T00:00:00Z&to=2040-01-01T00:10:00Z";

it.each([
  ["", "from", "from is required."],
  ["?from=2040-01-01T00:00:00Z", "to", "to is required."],
  ["?from=2040-01-02T00:00:00Z&to=2040-01-01T00:00:00Z", "from", "from must not be later than to."],
  [`?${NOW_SPAN}`, "to", "to must be at least 5 minutes ago: a younger span is not complete yet."],
  [`?${SPAN}&cursor=x`, "cursor", "cursor must be that of a page of the same span."],
])("GET /charges%s names %s", async (query, parameter, detail) => {
  // A millisecond less than five minutes after the end of the one span, hours after the end of the others.
  moveClock(query.includes(NOW_SPAN) ? 15 * MINUTE - 1 : 3 * HOUR);
  const gateway = await makeGateway();
  const { status, body } = await ask(gateway, `/charges${query}`);
  expect(status).toBe(400);
  expect(body.errors).toMatchObject([{ detail, source: { parameter } }]);
});

it("a span that ended five minutes ago is given", async () => {
  moveClock(15 * MINUTE);
  expect((await ask(await makeGateway(), `/charges?${NOW_SPAN}`)).status).toBe(200);
});

it("a caller's token, or none, exports nothing", async () => {
  await charge("alice");
  await pass("alice", 2 * HOUR);
  const gateway = await makeGateway();
  const { id } = await gateOf("alice");
  const refused = await ask(gateway, `/charges?${SPAN}`, { claims: { sub: "alice" } });
  expect([refused.status, (await ask(gateway, `/charges?${SPAN}`, { claims: null })).status]).toEqual([
    403, 401,
  ]);
  expect(refused.text).not.toContain(id);
});
