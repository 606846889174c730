// Every charge of every user, once, from the gates themselves: whatever is charged meanwhile, wherever an export is taken
// up again, and without D1.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { type ExportPage, exportCharges } from "../../src/console/charges/export.ts";
import type { ExportPosition } from "../../src/console/charges/query.ts";
import { GateStore } from "../../src/gate/store/gate-store.ts";
import { charge, freshStores, loseIndex, ring, stubOf, userKey } from "../operators/bench.ts";
import { failing, replacing } from "../support/bindings.ts";
import { HOUR, MINUTE, moveClock, T0 } from "../support/clock.ts";
import { type Gateway, it, makeGateway } from "../support/gateway.ts";
import { BILLING } from "../support/terms.ts";
import { times } from "../support/times.ts";
import { ACTION, ask } from "./bench.ts";

freshStores();

const SPAN = "from=2040-01-01T00:00:00Z&to=2040-01-01T01:00:00Z";
const DEPS = { kv: env.KV, gates: env.USER_GATE };
const HOUR_SPAN = { fromMs: T0, toMs: T0 + HOUR };
const START: ExportPosition = { cursor: null, after: "", inside: null };

/** So many charges, of so many users in turn, a second apart. Says their runs. */
async function chargeMany(users: number, charges: number): Promise<string[]> {
  const runs: string[] = [];
  for (let n = 0; n < charges; n += 1) {
    runs.push(await charge(`user-${n % users}`));
    moveClock(1_000);
  }
  for (let n = 0; n < users; n += 1) await ring(`user-${n}`);
  return runs.toSorted();
}

type Exported = { runs: string[]; subjects: Set<string>; pages: number };

/** Page after page, by the links from each to the next. */
async function exportAll(gateway: Gateway, span = SPAN): Promise<Exported> {
  const all: Exported = { runs: [], subjects: new Set(), pages: 0 };
  for (let path: string | undefined = `/charges?${span}`; path !== undefined; all.pages += 1) {
    const { status, text, headers } = await ask(gateway, path);
    expect(status).toBe(200);
    for (const line of text.split("\n").slice(0, -1)) {
      const { run_id, subject } = JSON.parse(line);
      all.runs.push(run_id);
      all.subjects.add(subject);
    }
    const link = headers.get("link") ?? "";
    path = /^<http:\/\/127\.0\.0\.1:8787\/console\/api(.*)>; rel="next"$/.exec(link)?.[1];
  }
  return all;
}

/** The same without HTTP; `onPage` is called after each page, with the position that it began at. */
async function exportBy(
  limits: { gates: number; charges: number },
  onPage: (at: ExportPosition, page: ExportPage | null) => Promise<void>,
): Promise<string[]> {
  const given: string[] = [];
  for (let at: ExportPosition | null = START; at !== null; ) {
    const page: ExportPage | null = await exportCharges(DEPS, HOUR_SPAN, at, limits);
    given.push(...(page?.charges ?? []).map(({ runId }) => runId));
    await onPage(at, page);
    at = page?.next ?? null;
  }
  return given.toSorted();
}

it("a charge is a line that says all of it, and whose it is", async ({ gateway }) => {
  const runId = await charge("alice", {
    billing: { ...BILLING, description: 'a, "b"', exemption_reason: "trial" },
  });
  await ring("alice");
  moveClock(2 * HOUR);
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

it("of 42 users every charge is given once, in pages of 40 users, each with the cursor of its own span", async ({
  gateway,
}) => {
  const runs = await chargeMany(42, 44);
  moveClock(3 * HOUR);
  const all = await exportAll(gateway);
  expect([all.runs.toSorted(), all.subjects.size, all.pages]).toEqual([runs, 42, 2]);
  const cursor = (await ask(gateway, `/charges?${SPAN}`)).headers.get("x-next-cursor");
  const other = "from=2040-01-01T00:00:00Z&to=2040-01-01T02:00:00Z";
  const { status, body } = await ask(gateway, `/charges?${other}&cursor=${cursor}`);
  expect([status, body.errors[0].source]).toEqual([400, { parameter: "cursor" }]);
});

it("holds up at any number of users and charges a page, and may be taken up again at each", async () => {
  const runs = await chargeMany(5, 23);
  for (const limits of [
    { gates: 1, charges: 1 },
    { gates: 2, charges: 3 },
    { gates: 40, charges: 7 },
  ]) {
    const given = await exportBy(limits, async (at, page) => {
      expect(await exportCharges(DEPS, HOUR_SPAN, at, limits)).toEqual(page);
      expect(page?.charges.length).toBeLessThanOrEqual(limits.charges);
    });
    expect(given).toEqual(runs);
  }
});

it("what is charged, and who comes in, between two pages is not in a span that was over", async () => {
  const runs = await chargeMany(3, 9);
  moveClock(2 * HOUR);
  let newcomers = 0;
  const given = await exportBy({ gates: 2, charges: 2 }, async () => {
    for (const subject of ["user-0", "user-2", `newcomer-${newcomers}`]) {
      await charge(subject);
      await ring(subject);
    }
    newcomers += 1;
  });
  expect(newcomers).toBeGreaterThan(3);
  expect(given).toEqual(runs);
});

it("is complete when D1 is gone altogether", async () => {
  const runs = await chargeMany(3, 6);
  await loseIndex();
  moveClock(2 * HOUR);
  const down = await makeGateway({}, failing(/^OPERATORS_DB\./));
  expect((await exportAll(down)).runs.toSorted()).toEqual(runs);
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
  expect((await exportAll(flaky)).runs.toSorted()).toEqual(runs);
});

it("so is a registry that does not answer", async () => {
  moveClock(2 * HOUR);
  const down = await makeGateway({}, failing(/^KV\.list/));
  expect((await ask(down, `/charges?${SPAN}`)).status).toBe(503);
});

it("a page has a thousand charges, and the next one goes on in the middle of a user's", async () => {
  const runs = [await charge("alice"), ...times(1_000, (n) => `run-${n}`)];
  await runInDurableObject(await stubOf("alice"), (_gate, { storage }) => {
    const { charges } = new GateStore(storage);
    for (const runId of runs.slice(1)) charges.add({ runId, storedActionId: null, billing: BILLING }, T0, 0);
  });
  await ring("alice");
  moveClock(2 * HOUR);
  const all = await exportAll(await makeGateway());
  expect([all.runs, all.pages]).toEqual([runs, 2]);
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

const MOMENT = "must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z (in a URL, + is written %2B).";
const NOW_SPAN = "from=2040-01-01T00:00:00Z&to=2040-01-01T00:10:00Z";

it.for<[string, string, string]>([
  ["", "from", "from is required."],
  ["?from=2040-01-01T00:00:00Z", "to", "to is required."],
  ["?from=2040-01-02T00:00:00Z&to=2040-01-01T00:00:00Z", "from", "from must not be later than to."],
  [`?${NOW_SPAN}`, "to", "to must be at least 5 minutes ago: a younger span is not complete yet."],
  [`?${SPAN}&to=2040-01-01T01:00:00Z`, "to", `to ${MOMENT}`],
  [`?${SPAN}&cursor=x`, "cursor", "cursor must be that of a page of the same span."],
])("GET /charges%s names %s", async ([query, parameter, detail], { gateway }) => {
  // A millisecond less than five minutes after the end of the one span, hours after the end of the others.
  moveClock(query.includes(NOW_SPAN) ? 15 * MINUTE - 1 : 3 * HOUR);
  const { status, body } = await ask(gateway, `/charges${query}`);
  expect(status).toBe(400);
  expect(body.errors).toMatchObject([{ detail, source: { parameter } }]);
});

it("a span that ended five minutes ago is given", async ({ gateway }) => {
  moveClock(15 * MINUTE);
  expect((await ask(gateway, `/charges?${NOW_SPAN}`)).status).toBe(200);
});
