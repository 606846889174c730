// What operators see of an outage: a receiver where nothing listens, and an upstream that is killed.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import { toView } from "../../src/console/errors/query.ts";
import type { Errors } from "../../src/operators/views.ts";
import { isolateSums } from "../../src/platform/observability/isolate-sums.ts";
import { failing } from "../support/bindings.ts";
import { DAY, MINUTE, moveClock } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { ACTION, makeGateway, ORIGIN, PAGE } from "../support/gateway.ts";
import { Stage } from "../support/stage.ts";
import { ask } from "./bench.ts";

const START = "/actions/v1/stored-actions/:stored_action_id/run";

freshForEach();

// The isolate outlives the tests, and keeps the time of its last report.
let day = 0;
beforeEach(async () => {
  day += 6;
  moveClock(day * DAY);
  // What other files have left in the isolate is out of the last hour then, and of the days in which callbacks may wait.
  await flush();
  moveClock(5 * DAY);
});

async function flush(): Promise<void> {
  const left: Promise<unknown>[] = [];
  vi.spyOn(scheduler, "wait").mockResolvedValueOnce(undefined);
  isolateSums.flushSoon({ waitUntil: (work) => void left.push(work) }, env.METRICS_AGGREGATOR);
  await Promise.all(left);
}

/** Five callbacks were delivered, twelve more go where nothing listens, then the upstream is gone. */
async function outage(): Promise<Stage> {
  const stage = await Stage.set();
  for (const path of ["a", "b", "c", "d", "e"])
    await stage.start({ callback_url: `https://fine.example/${path}` });
  await stage.pass(MINUTE);
  stage.receive(() => {
    throw new TypeError("Network connection lost.");
  });
  for (const _ of Array.from({ length: 12 })) await stage.start();
  await stage.pass(MINUTE);
  stage.gateway.upstream.behave(() => {
    throw new TypeError("Network connection lost.");
  });
  for (const _ of Array.from({ length: 6 })) expect((await stage.tryStart()).status).toBe(503);
  await flush();
  return stage;
}

async function page(stage: Stage, path: string): Promise<string> {
  const { gateway } = stage;
  const cookie = `edge_console=${await gateway.issuer.token({ sub: "olga", scope: "operator" })}`;
  return (await gateway.call(path, { claims: null, headers: { cookie, origin: ORIGIN }, ...PAGE })).text;
}

describe("an outage", () => {
  it("is what the overview says first, in JSON and on the page", async () => {
    const stage = await outage();
    const { body } = await ask(stage.gateway, "/overview");
    const health = Object.fromEntries(body.health.map(({ name, status }) => [name, status]));
    expect(health).toMatchObject({
      upstream: "failing",
      requests: "failing",
      // They are one user's.
      attempts: "warning",
      receivers: "warning",
      gate: "ok",
      flags: "ok",
    });
    expect(body.totals).toMatchObject({ status_503: 6, delivered: 5, dead: 0 });
    expect(body.waiting).toMatchObject({ deliveries: 12 });
    expect(body.failing_hosts).toMatchObject([{ host: "client.example", acknowledged: 0 }]);
    const html = await page(stage, "/console");
    expect(html).toMatch(/<h2 id="health">Failing now: [^<]*Upstream/);
    expect(html).toContain('<h2>Callback success</h2><p class="stat-number"><strong>27.8 %</strong>');
  }, 60_000);

  it("is listed error by error: by kind, by route, by user", async () => {
    const stage = await outage();
    const { body } = await ask(stage.gateway, "/errors");
    const alice = await buildUserKey(stage.gateway.issuer.issuer, "alice");
    const [latest] = body.errors;
    expect(latest).toMatchObject({
      kind: "upstream",
      route: START,
      code: "service_unavaiable",
      status: 503,
      stored_action_id: ACTION,
      user: alice,
    });
    expect(body.groups).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          kind: "upstream",
          route: START,
          errors: 6,
          users: 1,
          upstream_status: null,
        }),
        expect.objectContaining({
          kind: "callback",
          host: "client.example",
          code: "no connection",
          users: 1,
        }),
      ]),
    );
    for (const [query, kinds] of [
      ["kind=callback", ["callback"]],
      [`user=${alice}&kind=upstream`, ["upstream"]],
      [`user=${"x".repeat(43)}`, []],
    ] as const) {
      const { errors }: Errors = JSON.parse((await ask(stage.gateway, `/errors?${query}`)).text);
      expect([...new Set(errors.map(({ kind }) => kind))]).toEqual(kinds);
    }
    const html = await page(stage, "/console/errors?kind=upstream");
    expect(html).toContain("service_unavaiable");
    expect(html).not.toContain("no connection");
    expect(html).not.toContain("alice");
  }, 60_000);

  it("has what the upstream itself answered, and nothing that it wrote", async () => {
    const stage = await Stage.set();
    stage.gateway.upstream.behave(() => new Response("db-17.internal is down", { status: 502 }));
    await stage.tryStart();
    await flush();
    const { body, text } = await ask(stage.gateway, "/errors");
    expect(body.errors).toMatchObject([{ status: 503, upstream_status: 502 }]);
    expect(text).not.toContain("internal");
  });
});

it("a full queue is named by the strip, with how long its messages wait, though nothing has failed", async () => {
  const stage = await Stage.set();
  const run = await stage.start();
  await stage.push(run);
  await stage.consume(stage.queue.take(), { sentAtMs: Date.now() - 6 * MINUTE });
  await flush();
  const html = await page(stage, "/console");
  expect(html.includes("Failing now: Queue")).toBe(true);
  expect(html.includes("messages wait 5 min 55 s at most")).toBe(true);
});

const ANY = { kind: null, route: null, action: null, host: null, user: null };

const NOTHING = { route: null, host: null, code: null, upstreamStatus: null, user: null, requestId: null };
const OF_RUN = { ...NOTHING, kind: "run", atMs: 0, runId: null } as const;

it("of errors that are alike, the page says of how many actions they are, and of which when it is one", () => {
  const errors = [
    { ...OF_RUN, action: "a", status: 1 },
    { ...OF_RUN, action: "a", status: 1 },
    { ...OF_RUN, action: "a", status: 2 },
    { ...OF_RUN, action: "b", status: 2 },
    { ...OF_RUN, action: null, status: 3 },
  ];
  expect(toView(errors, ANY).groups).toMatchObject([
    { status: 1, errors: 2, actions: 1, stored_action_id: "a" },
    { status: 2, errors: 2, actions: 2, stored_action_id: null },
    { status: 3, errors: 1, actions: 0, stored_action_id: null },
  ]);
  expect(toView(errors, { ...ANY, action: "b" }).errors).toMatchObject([{ stored_action_id: "b" }]);
});

it("errors of one route are those of that route, and the routes are all that have some", () => {
  const none = {
    action: null,
    host: null,
    code: null,
    status: 503,
    upstreamStatus: null,
    user: null,
    requestId: "r",
    runId: null,
  };
  const errors = ["/usage", START, "/usage"].map((route, atMs) => ({
    kind: "gateway" as const,
    route,
    atMs,
    ...none,
  }));
  const { groups, ...view } = toView(errors, { ...ANY, route: "/usage" });
  expect(view.errors.map(({ at, route }) => [at, route])).toEqual([
    ["1970-01-01T00:00:00.000Z", "/usage"],
    ["1970-01-01T00:00:00.002Z", "/usage"],
  ]);
  expect(view.routes).toEqual([START, "/usage"]);
  expect(groups).toMatchObject([{ route: "/usage", errors: 2, users: 0 }]);
});

describe("errors", () => {
  it("are none at first, and the page says what to do then", async () => {
    const stage = await Stage.set();
    expect((await ask(stage.gateway, "/errors")).body).toEqual({ groups: [], errors: [], routes: [] });
    expect(await page(stage, "/console/errors")).toContain("X-Request-Id");
  });

  it("of a kind that there is not are a 400 that names the parameter", async () => {
    const stage = await Stage.set();
    const { status, body } = await ask(stage.gateway, "/errors?kind=all");
    expect([status, body.errors[0].source]).toEqual([400, { parameter: "kind" }]);
    expect(await page(stage, "/console/errors?kind=all")).toContain("kind must be one of");
  });

  it("are not known while the aggregator does not answer: 503, and not an empty list", async () => {
    const gateway = await makeGateway(
      {},
      failing(/^METRICS_AGGREGATOR\./, () => new Error("moved away")),
    );
    expect((await ask(gateway, "/errors")).status).toBe(503);
  });
});
