import { type Clause, Skip } from "../clause.ts";
import {
  at,
  eventually,
  expectError,
  expectHeader,
  expectMatch,
  expectSame,
  expectStatus,
  expectThat,
  listAt,
  startedRun,
  textAt,
  toJson,
} from "../expect.ts";
import type { Answer } from "../http.ts";
import type { World } from "../world.ts";
import { ended } from "./start.ts";

const BOOKED_WITHIN_MS = 30_000;
const PAGE_SIZE = 100;
/** More than so many runs as are started can fill. */
const MAX_PAGES = 20;
/** Long enough for a charge that must not come to have come. */
const UNBOOKED_AFTER_MS = 3_000;
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

export const BILLING: readonly Clause[] = [
  {
    id: "billing.charged",
    text: "a billable run that succeeds is charged one task: one row, with the claim's terms",
    check: async (world) => {
      const { row, run } = await charged(world);
      for (const member of MEMBERS) expectThat(at(row, member) !== undefined, `the row has no ${member}`);
      expectSame("run_id", at(row, "run_id"), run);
      expectSame("stored_action_id", at(row, "stored_action_id"), world.action);
      expectSame("tasks", at(row, "tasks"), 1);
      expectMatch("charged_at", at(row, "charged_at"), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
      for (const [member, value] of Object.entries(readTerms(world)))
        expectSame(member, at(row, member), value);
    },
  },
  {
    id: "billing.replay",
    text: "a replay costs nothing",
    check: async (world) => {
      const { run, id, startedAtMs } = await charged(world);
      const replay = await world.as("billable-token").start(world.action, { idempotency_id: id });
      expectSame("the replayed run", startedRun(replay), run);
      await settle();
      const rows = await rowsSince(world, startedAtMs);
      expectSame("the rows of the run", rows.filter((row) => at(row, "run_id") === run).length, 1);
    },
  },
  {
    id: "billing.failed",
    text: "a run that ends in error costs nothing",
    check: async (world) => {
      const startedAtMs = Date.now();
      const user = world.as("billable-token");
      const action = world.failingAction();
      const run = startedRun(await user.start(action, {}));
      await ended(user, action, run);
      await expectNoCharge(world, run, startedAtMs);
    },
  },
  {
    id: "billing.not-billable",
    text: "nor does a run without is_billable",
    check: async (world) => {
      const startedAtMs = Date.now();
      const { caller, action } = world;
      const run = startedRun(await caller.start(action, {}));
      await ended(caller, action, run);
      await settle();
      const { text } = await usage(world, "token", startedAtMs);
      expectThat(!text.includes(run), "it was charged");
    },
  },
  {
    id: "billing.whose",
    text: "/usage shows the caller's own charges only",
    check: async (world) => {
      const { run, startedAtMs } = await charged(world);
      const { text } = await usage(world, "token", startedAtMs);
      expectThat(!text.includes(run), "it shows another user's charge");
    },
  },
  {
    id: "billing.csv",
    text: "Accept: text/csv gives the same as CSV, with a header row",
    check: async (world) => {
      const { run, startedAtMs } = await charged(world);
      const answer = await usage(world, "billable-token", startedAtMs, { accept: "text/csv" });
      expectStatus(answer, 200);
      expectHeader(answer, "content-type", /^text\/csv\b/);
      const [head, ...rows] = answer.text.trimEnd().split("\r\n");
      expectSame("the header row", head, MEMBERS.join(","));
      const ofRun = rows.filter((row) => row.startsWith(`${run},`));
      expectSame("the rows of the run", ofRun.length, 1);
    },
  },
  {
    id: "billing.span",
    text: "a span without charges is empty; next_cursor is null on the last page",
    check: async (world) => {
      const answer = await world.caller.call(spanPath("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"));
      expectStatus(answer, 200);
      expectSame("the number of rows", listAt(toJson(answer), "data").length, 0);
      expectSame("next_cursor", at(toJson(answer), "next_cursor"), null);
    },
  },
  {
    id: "billing.bad-span",
    text: "from and to are RFC 3339 times: 400 where one is missing or is none",
    check: async ({ caller }) => {
      const good = encodeURIComponent("2020-01-01T00:00:00Z");
      for (const query of [`from=${good}`, `to=${good}`, `from=yesterday&to=${good}`])
        expectError(await caller.call(`/usage?${query}`), 400, "bad_request");
    },
  },
  {
    id: "billing.pages",
    text: `oldest first, ${PAGE_SIZE} a page; cursor leads to the next, each row once`,
    check: async (world) => {
      const { startedAtMs } = await charged(world);
      await chargeMoreThanAPage(world, startedAtMs);
      const pages = await allPages(world, startedAtMs);
      expectThat(pages.length > 1, "there is one page only");
      for (const page of pages.slice(0, -1)) expectSame("the rows of a page", page.length, PAGE_SIZE);
      const rows = pages.flat();
      const ids = rows.map((row) => textAt(row, "run_id"));
      expectSame("the number of different runs", new Set(ids).size, ids.length);
      const times = rows.map((row) => Date.parse(textAt(row, "charged_at")));
      expectThat(
        times.every((time, index) => time >= (times[index - 1] ?? 0)),
        "they are not oldest first",
      );
    },
  },
];

type Charged = { run: string; row: unknown; id: string; startedAtMs: number };

function charged(world: World): Promise<Charged> {
  return world.once("charged", async () => {
    // The deployment's clock may be behind this one.
    const startedAtMs = Date.now() - 5_000;
    const user = world.as("billable-token");
    const id = crypto.randomUUID();
    const run = startedRun(await user.start(world.action, { idempotency_id: id }));
    const row = await eventually(BOOKED_WITHIN_MS, async () => {
      const rows = (await rowsSince(world, startedAtMs)).filter((one) => at(one, "run_id") === run);
      expectSame("the number of rows of the run", rows.length, 1);
      return rows[0];
    });
    return { run, row, id, startedAtMs };
  });
}

async function expectNoCharge(world: World, run: string, sinceMs: number): Promise<void> {
  await settle();
  const rows = await rowsSince(world, sinceMs);
  expectThat(!rows.some((row) => at(row, "run_id") === run), "it was charged");
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, UNBOOKED_AFTER_MS));
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
  await eventually(BOOKED_WITHIN_MS, async () => {
    const page = toJson(await usage(world, "billable-token", sinceMs));
    expectThat(at(page, "next_cursor") !== null, `${PAGE_SIZE + 1} runs fill no more than a page`);
  });
}

async function allPages(world: World, sinceMs: number): Promise<unknown[][]> {
  const until = new Date(Date.now() + 60_000).toISOString();
  const path = spanPath(new Date(sinceMs).toISOString(), until);
  const pages: unknown[][] = [];
  let cursor: string | null = null;
  do {
    const page: Answer = await world
      .as("billable-token")
      .call(cursor === null ? path : `${path}&cursor=${encodeURIComponent(cursor)}`);
    expectStatus(page, 200);
    pages.push(listAt(toJson(page), "data"));
    const next = at(toJson(page), "next_cursor");
    cursor = next === null ? null : textAt(toJson(page), "next_cursor");
    expectThat(pages.length < MAX_PAGES, `there is a next_cursor after ${MAX_PAGES} pages`);
  } while (cursor !== null);
  return pages;
}

async function rowsSince(world: World, sinceMs: number): Promise<unknown[]> {
  const answer = await usage(world, "billable-token", sinceMs);
  expectStatus(answer, 200);
  return listAt(toJson(answer), "data");
}

function usage(
  world: World,
  whose: "token" | "billable-token",
  sinceMs: number,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const until = new Date(Date.now() + 60_000).toISOString();
  return world.as(whose).call(spanPath(new Date(sinceMs).toISOString(), until), { headers });
}

function spanPath(from: string, to: string): string {
  return `/usage?${new URLSearchParams({ from, to }).toString()}`;
}
