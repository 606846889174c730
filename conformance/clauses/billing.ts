import { setTimeout as sleep } from "node:timers/promises";
import { type Clause, defineClauses, Skip } from "../clause.ts";
import { at, eventually, expect, listAt, startedRun, textAt, toJson } from "../expect.ts";
import type { Answer, Call } from "../http.ts";
import type { World } from "../world.ts";
import { endedRun } from "./start.ts";

const CHARGED_WITHIN_MS = 30_000;
const PAGE_SIZE = 100;
/** More than so many runs as are started can fill. */
const MAX_PAGES = 20;
/** Long enough for a charge that must not come to have come. */
const UNCHARGED_AFTER_MS = 3_000;
const MEMBERS = [
  "run_id",
  "stored_action_id",
  "charged_at",
  "tasks",
  "origin",
  "usage_type",
  "description",
  "exemption_reason",
  "exemption_details",
];

const DEFAULTS = {
  origin: "actions_api",
  usage_type: "action_run",
  description: "an action was run via Actions API",
  exemption_reason: null,
  exemption_details: null,
};

const clause = defineClauses("billing");

export const BILLING: readonly Clause[] = [
  clause("charged: a billable success costs one task: one row, with the claim's terms", async (world) => {
    const { row, run } = await charged(world);
    for (const member of MEMBERS) expect.that(at(row, member) !== undefined, `the row has no ${member}`);
    expect.members(row, { run_id: run, stored_action_id: world.action, tasks: 1, ...readTerms(world) });
    expect.match("charged_at", at(row, "charged_at"), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
  }),
  clause("replay: a replay costs nothing", async (world) => {
    const { run, id, startedAtMs } = await charged(world);
    const replay = await world.as("billable-token").start(world.action, { idempotency_id: id });
    expect.same("the replayed run", startedRun(replay), run);
    await sleep(UNCHARGED_AFTER_MS);
    expect.same("the rows of the run", (await findRows(world, run, startedAtMs)).length, 1);
  }),
  clause("failed: a run that ends in error costs nothing", async (world) => {
    const startedAtMs = Date.now();
    const { run } = await endedRun(world.as("billable-token"), world.given("failing-action"), {});
    await sleep(UNCHARGED_AFTER_MS);
    expect.same("the rows of the run", (await findRows(world, run, startedAtMs)).length, 0);
  }),
  clause("not-billable: nor does a run without is_billable", async (world) => {
    const startedAtMs = Date.now();
    const { run } = await endedRun(world.caller, world.action, {});
    await sleep(UNCHARGED_AFTER_MS);
    const { text } = await usage(world, "token", startedAtMs);
    expect.that(!text.includes(run), "it was charged");
  }),
  clause("whose: /usage shows the caller's own charges only", async (world) => {
    const { run, startedAtMs } = await charged(world);
    const { text } = await usage(world, "token", startedAtMs);
    expect.that(!text.includes(run), "it shows another user's charge");
  }),
  clause("csv: Accept: text/csv gives the same as CSV, with a header row", async (world) => {
    const { run, startedAtMs } = await charged(world);
    const answer = await usage(world, "billable-token", startedAtMs, { headers: { accept: "text/csv" } });
    expect.header(answer, "content-type", /^text\/csv\b/);
    const [head, ...rows] = answer.text.trimEnd().split("\r\n");
    expect.same("the header row", head, MEMBERS.join(","));
    const ofRun = rows.filter((row) => row.startsWith(`${run},`));
    expect.same("the rows of the run", ofRun.length, 1);
  }),
  clause("span: a span without charges is empty; next_cursor is null on the last page", async (world) => {
    const answer = await world.caller.call("/usage?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z");
    const page = expect.json(answer, 200);
    expect.same("the number of rows", listAt(page, "data").length, 0);
    expect.members(page, { next_cursor: null });
  }),
  clause("bad-span: 400 where from or to is missing or is no RFC 3339 time", async ({ caller }) => {
    const good = "2020-01-01T00:00:00Z";
    for (const query of [`from=${good}`, `to=${good}`, `from=yesterday&to=${good}`])
      expect.error(await caller.call(`/usage?${query}`), 400, "bad_request");
  }),
  clause(`pages: oldest first, ${PAGE_SIZE} a page; cursor leads on, each row once`, async (world) => {
    const { startedAtMs } = await charged(world);
    await chargeMoreThanAPage(world, startedAtMs);
    const pages = await allPages(world, startedAtMs);
    expect.that(pages.length > 1, "there is one page only");
    for (const page of pages.slice(0, -1)) expect.same("the rows of a page", page.length, PAGE_SIZE);
    const rows = pages.flat();
    const ids = rows.map((row) => textAt(row, "run_id"));
    expect.same("the number of different runs", new Set(ids).size, ids.length);
    const times = rows.map((row) => Date.parse(textAt(row, "charged_at")));
    expect.that(
      times.every((time, index) => time >= (times[index - 1] ?? 0)),
      "they are not oldest first",
    );
  }),
];

type Charged = { run: string; row: unknown; id: string; startedAtMs: number };

function charged(world: World): Promise<Charged> {
  return world.once("charged", async () => {
    // The deployment's clock may be behind this one.
    const startedAtMs = Date.now() - 5_000;
    const user = world.as("billable-token");
    const id = crypto.randomUUID();
    const run = startedRun(await user.start(world.action, { idempotency_id: id }));
    const row = await eventually(CHARGED_WITHIN_MS, async () => {
      const rows = await findRows(world, run, startedAtMs);
      expect.same("the number of rows of the run", rows.length, 1);
      return rows[0];
    });
    return { run, row, id, startedAtMs };
  });
}

/** The terms of the token's claim over the default ones. */
function readTerms(world: World): Record<string, unknown> {
  const claim = world.claims("billable-token")["billing"];
  const { is_billable: _billable, ...given }: Record<string, unknown> =
    typeof claim === "string" ? JSON.parse(claim) : {};
  return { ...DEFAULTS, ...given };
}

/** Costs tasks, so only as many as were allowed. */
async function chargeMoreThanAPage(world: World, sinceMs: number): Promise<void> {
  const missing = PAGE_SIZE + 1 - (await rowsSince(world, sinceMs)).length;
  const { maxTasks } = world.options;
  if (missing + 1 > maxTasks) throw new Skip(`costs ${missing + 1} tasks: needs --max-tasks ${missing + 1}`);
  const user = world.as("billable-token");
  for (let started = 0; started < missing; started += 1) startedRun(await user.start(world.action, {}));
  await eventually(CHARGED_WITHIN_MS, async () => {
    const page = toJson(await usage(world, "billable-token", sinceMs));
    expect.that(at(page, "next_cursor") !== null, `${PAGE_SIZE + 1} runs fill no more than a page`);
  });
}

async function allPages(world: World, sinceMs: number): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  let cursor = "";
  do {
    const page = toJson(await usage(world, "billable-token", sinceMs, {}, cursor));
    pages.push(listAt(page, "data"));
    cursor = at(page, "next_cursor") === null ? "" : textAt(page, "next_cursor");
    expect.that(pages.length < MAX_PAGES, `there is a next_cursor after ${MAX_PAGES} pages`);
  } while (cursor !== "");
  return pages;
}

async function rowsSince(world: World, sinceMs: number): Promise<unknown[]> {
  return listAt(toJson(await usage(world, "billable-token", sinceMs)), "data");
}

async function findRows(world: World, run: string, sinceMs: number): Promise<unknown[]> {
  return (await rowsSince(world, sinceMs)).filter((row) => at(row, "run_id") === run);
}

/** A page of what has been charged since then; without a cursor the first one. */
async function usage(
  world: World,
  whose: "token" | "billable-token",
  sinceMs: number,
  call: Call = {},
  cursor = "",
): Promise<Answer> {
  const [from, to] = [sinceMs, Date.now() + 60_000].map((ms) => new Date(ms).toISOString());
  const path = `/usage?from=${from}&to=${to}`;
  const query = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  const answer = await world.as(whose).call(`${path}${query}`, call);
  expect.status(answer, 200);
  return answer;
}
