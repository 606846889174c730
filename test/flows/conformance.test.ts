// The conformance suite, judged from both sides: our gateway passes whole, and of gateways that are each wrong in one way
// every one is caught, by the clauses that are about it and by no other.
import { beforeAll, describe, expect, it } from "vitest";
import type { Result } from "../../conformance/clause.ts";
import { examine } from "../../conformance/examine.ts";
import { parseOptions } from "../../conformance/options.ts";
import type { Summary } from "../../conformance/report.ts";
import { type Arrival, ECHO } from "./support/caller.ts";
import { type Answered, type Defect, DefectiveProxy } from "./support/defective-proxy.ts";
import { type Environment, makeFolder, removeFolder, userEnvironment } from "./support/environment.ts";
import { type GatewayProcess, startProcess } from "./support/process.ts";
import { type Ended, run } from "./support/run.ts";

/** Short, because a run waits for a window's end, and longer than it takes to use one up. */
const WINDOW_SECONDS = 20;
const WINDOW = ["--window", String(WINDOW_SECONDS)];

/** The gateway behind the proxy cannot know the proxy's host for its own. */
const PROXY_IS_ANOTHER_HOST = "callback.own-host";

type Report = { url: string; summary: Summary; clauses: Result[] };

let env: Environment;
let gateway: GatewayProcess;
beforeAll(async () => {
  const folder = await makeFolder();
  env = userEnvironment(folder);
  gateway = await startProcess({ args: ["--var", `RATE_LIMIT_WINDOW_SECONDS:${WINDOW_SECONDS}`] });
  return async () => {
    await gateway.close();
    await removeFolder(folder);
  };
});

function conformance(...args: string[]): Promise<Ended> {
  return run("npm", ["run", "--silent", "conformance", "--", ...args], env);
}

async function report(url: string, ...args: string[]): Promise<Report & { code: number | null }> {
  const { code, stdout, stderr } = await conformance("--sandbox", "--json", "--url", url, ...WINDOW, ...args);
  expect(stderr).toBe("");
  const parsed: Report = JSON.parse(stdout);
  return { ...parsed, code };
}

/** The same questions without the command around them, of our gateway behind a proxy with that defect. */
async function examined(
  defect: Defect,
  sections: readonly string[],
  known: readonly string[] = ["--sandbox"],
): Promise<Result[]> {
  const proxy = await DefectiveProxy.before(gateway.url, defect);
  try {
    const only = sections.flatMap((section) => ["--only", section]);
    const options = parseOptions([...known, "--url", proxy.url, ...WINDOW, ...only]);
    const results: Result[] = [];
    for await (const result of examine(options)) results.push(result);
    return results;
  } finally {
    proxy.close();
  }
}

/** All that is known of a deployment whose upstream is not the sandbox. */
async function withAnyUpstream(): Promise<string[]> {
  const { stdout: token } = await run("npm", ["run", "--silent", "token", "--", "--sub", "stranger"], env);
  const refusing = [402, 404, 503].flatMap((status) => [
    "--refusing",
    `${status}=${ECHO.replace(/0001$/, `0${status}`)}`,
  ]);
  return ["--token", token.trim(), "--action", ECHO, ...refusing];
}

/** The sandbox's errors have nothing in `meta`, the gateway's own have the request's id. */
function isUpstreams({ body }: Answered): boolean {
  return body.includes('"meta":{}');
}

function idsOf(clauses: readonly Result[], outcome: Result["outcome"]): string[] {
  return clauses.filter((clause) => clause.outcome === outcome).map(({ id }) => id);
}

describe("our gateway", () => {
  it("passes whole against the sandbox, and nothing is skipped", async () => {
    const { code, clauses, summary } = await report(gateway.url);
    expect(clauses.filter(({ outcome }) => outcome !== "ok")).toEqual([]);
    expect(summary).toEqual({ ok: clauses.length, breaches: 0, skipped: 0 });
    expect(clauses.length).toBeGreaterThan(110);
    expect(new Set(clauses.map(({ id }) => id)).size).toBe(clauses.length);
    expect(code).toBe(0);
  });

  it("is asked in lines that a person reads: a heading, a line a clause, a summary", async () => {
    const { code, stdout } = await conformance("--sandbox", "--url", gateway.url, "--only", "pass");
    expect(stdout.split("\n")).toEqual([
      `5 clauses, asked of ${gateway.url}`,
      "",
      "Pass-through",
      ...["list", "uncounted", "unknown", "methods", "undamaged"].map((name): unknown =>
        expect.stringMatching(new RegExp(`^  ok      pass\\.${name} +\\S`)),
      ),
      "",
      "5 clauses: 5 ok, 0 breached, 0 skipped",
      "",
    ]);
    expect(code).toBe(0);
  });

  it("refuses private hosts where it is set to", async () => {
    const strict = await startProcess({ args: ["--var", "ALLOW_PRIVATE_CALLBACKS:false"] });
    try {
      const { clauses } = await report(strict.url, "--only", "callback");
      const refusals = clauses.slice(0, 3).map(({ id, outcome, detail }) => [id, outcome, detail]);
      expect(refusals).toEqual([
        ["callback.refused-url", "ok", null],
        ["callback.own-host", "ok", null],
        ["callback.private-host", "ok", null],
      ]);
    } finally {
      await strict.close();
    }
  });
});

describe("with one token only", () => {
  it("asks what can be asked, and says what the rest needs", async () => {
    const { stdout: token } = await run("npm", ["run", "--silent", "token", "--", "--sub", "solo"], env);
    const common = ["--json", "--url", gateway.url, "--token", token.trim(), "--action", ECHO, ...WINDOW];
    const { code, stdout } = await conformance(...common, "--only", "who", "--only", "billing");
    const parsed: Report = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(parsed.summary.breaches).toBe(0);
    const skipped = parsed.clauses.filter(({ outcome }) => outcome === "skipped");
    expect(skipped.map(({ id, detail }) => [id, detail])).toContainEqual([
      "who.expired-token",
      "needs --expired-token",
    ]);
    expect(skipped.map(({ id, detail }) => [id, detail])).toContainEqual([
      "billing.charged",
      "needs --billable-token",
    ]);
    expect(idsOf(parsed.clauses, "ok")).toContain("who.no-token");
  });
});

it.each([
  { args: ["--wat"], says: "--wat" },
  { args: ["--sandbox", "--url", "http://127.0.0.1:1"], says: "nobody answers at http://127.0.0.1:1" },
])("what it cannot ask, it says with its usage, and exits with 2: $says", async ({ args, says }) => {
  const { code, stderr } = await conformance(...args);
  expect(stderr).toContain(says);
  expect(stderr).toContain("usage: npm run conformance");
  expect(code).toBe(2);
});

// Each examination has users of its own, so that all can be asked at once.
describe.concurrent("a gateway that breaks the contract is caught by the clauses that are about it", () => {
  it("nothing is caught of one whose upstream has codes of its own", async () => {
    const codes: Defect = {
      answer: (answered) => {
        if (!isUpstreams(answered)) return;
        answered.body = answered.body
          .replace('"code":"payment_required"', '"code":"no_tasks"')
          .replace('"code":"not_found"', '"code":"stored_action_not_found"');
      },
    };
    const found = await examined(codes, ["start", "read", "errors"], await withAnyUpstream());
    expect(idsOf(found, "breach")).toEqual([]);
    expect(idsOf(found, "ok")).toEqual(
      expect.arrayContaining([
        "start.unknown-action",
        "read.unknown",
        "errors.upstream-402",
        "errors.upstream-404",
        "errors.codes",
      ]),
    );
    const caught = ["errors.upstream-402", "errors.upstream-404", "errors.codes"];
    expect(idsOf(await examined(codes, ["errors"]), "breach")).toEqual(caught);
  });

  it.for<{ defect: string; breached: string[]; answer: NonNullable<Defect["answer"]> }>([
    {
      defect: "misspells a code of its own",
      breached: ["errors.codes"],
      answer: (answered) => {
        if (!isUpstreams(answered)) answered.body = answered.body.replace("bad_request", "invalid_request");
      },
    },
    {
      defect: "wraps an upstream's 503 under another code",
      breached: ["errors.upstream-503", "errors.codes"],
      answer: (answered) => {
        const meta = `"meta":{"request_id":"${answered.headers.get("x-request-id")}"}`;
        if (answered.status === 503)
          answered.body = answered.body
            .replace('"meta":{}', meta)
            .replace("service_unavaiable", "service_unavailable");
      },
    },
    {
      defect: "leaves out a member of an upstream's error",
      breached: ["errors.upstream-402", "errors.upstream-404", "errors.upstream-503", "errors.envelope"],
      answer: (answered) => {
        if (isUpstreams(answered)) answered.body = answered.body.replace('"source":null,', "");
      },
    },
    {
      defect: "changes an upstream's status",
      breached: ["errors.upstream-402"],
      answer: (answered) => {
        if (answered.status !== 402) return;
        answered.status = 403;
        answered.body = answered.body.replace('"status":402', '"status":403');
      },
    },
  ])("before any upstream, one that $defect", async ({ breached, answer }) => {
    const found = await examined({ answer }, ["errors"], await withAnyUpstream());
    expect(idsOf(found, "breach")).toEqual(breached);
  });

  it.for<{ defect: string; only: string[]; breached: string[]; make: () => Defect }>([
    {
      defect: "drops Retry-After",
      only: ["limit"],
      breached: ["limit.refused", "limit.retry-after"],
      make: () => ({ answer: ({ headers }) => headers.delete("retry-after") }),
    },
    {
      defect: "names a Retry-After that is too short",
      only: ["limit", "reset"],
      breached: ["limit.retry-after", "reset.retry-after", "reset.new-window", "reset.refused-id"],
      make: () => ({
        answer: ({ headers }) => {
          if (headers.has("retry-after")) headers.set("retry-after", "2");
        },
      }),
    },
    {
      defect: "lets one more pass than the limit says",
      only: ["limit"],
      breached: ["limit.exact", "limit.remaining"],
      make: () => {
        let passed = false;
        return {
          answer: (answered) => {
            if (answered.status !== 429 || passed) return;
            passed = true;
            answered.status = 202;
            answered.body = JSON.stringify({ data: { type: "run", id: crypto.randomUUID() } });
          },
        };
      },
    },
    {
      defect: "says a limit that is off by one",
      only: ["limit"],
      breached: ["limit.headers", "limit.default", "limit.override", "limit.replay-uncounted"],
      make: () => ({
        answer: ({ headers }) => {
          const limit = headers.get("x-ratelimit-limit");
          if (limit !== null) headers.set("x-ratelimit-limit", String(Number(limit) + 1));
        },
      }),
    },
    {
      defect: "gives the reset in milliseconds",
      only: ["limit"],
      breached: ["limit.headers", "limit.default", "limit.replay-uncounted", "limit.retry-after"],
      make: () => ({
        answer: ({ headers }) => {
          const reset = headers.get("x-ratelimit-reset");
          if (reset !== null) headers.set("x-ratelimit-reset", `${reset}000`);
        },
      }),
    },
    {
      defect: "changes one digit in a body",
      only: ["json"],
      breached: ["json.numbers", "json.beside-a-callback"],
      make: () => ({
        answer: (answered) => {
          answered.body = answered.body.replace("12345678901234567890", "12345678901234567891");
        },
      }),
    },
    {
      defect: "rounds the numbers of a request",
      only: ["json"],
      breached: ["json.numbers", "json.beside-a-callback"],
      make: () => ({
        request: (exchange) => {
          if (/^\s*\{.*\}$/s.test(exchange.body)) exchange.body = JSON.stringify(JSON.parse(exchange.body));
        },
      }),
    },
    {
      defect: "replays without saying so",
      only: ["idempotency"],
      breached: [
        "idempotency.replay",
        "idempotency.mismatch",
        "idempotency.case",
        "idempotency.at-once",
        "idempotency.after-failure",
      ],
      make: () => ({ answer: ({ headers }) => headers.delete("idempotency-replayed") }),
    },
    {
      defect: "replays with another blank",
      only: ["idempotency"],
      breached: [
        "idempotency.replay",
        "idempotency.mismatch",
        "idempotency.case",
        "idempotency.at-once",
        "idempotency.after-failure",
      ],
      make: () => ({
        answer: (answered) => {
          if (answered.headers.has("idempotency-replayed")) answered.body += " ";
        },
      }),
    },
    {
      defect: "does not notice another payload",
      only: ["idempotency"],
      breached: ["idempotency.mismatch"],
      make: () => ({ answer: ({ headers }) => headers.delete("idempotency-payload-mismatch") }),
    },
    {
      defect: "hands an id on as it came",
      only: ["idempotency"],
      breached: ["idempotency.scoped"],
      make: () => ({
        answer: (answered, { path }) => {
          if (!path.endsWith("/last-request")) return;
          const { data }: { data: Arrival } = JSON.parse(answered.body);
          const asItCame = `"idempotency_id":"${data.headers["x-idempotency-id"]}"`;
          const body = data.body.replace(/"idempotency_id":"[0-9a-f-]{36}"/, asItCame);
          if (data.headers["x-idempotency-id"] !== undefined)
            answered.body = JSON.stringify({ data: { ...data, body } });
        },
      }),
    },
    {
      defect: "takes an id in upper case for another one",
      only: ["idempotency"],
      breached: ["idempotency.case"],
      make: () => ({
        request: (exchange) => {
          const inUpperCase = /[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}/;
          if (!/"idempotency_id":"[^"]*[a-f]/.test(exchange.body))
            exchange.body = exchange.body.replace(inUpperCase, crypto.randomUUID());
        },
      }),
    },
    {
      defect: "takes the second request under an id for the first of another",
      only: ["idempotency"],
      breached: [
        "idempotency.replay",
        "idempotency.mismatch",
        "idempotency.case",
        "idempotency.at-once",
        "idempotency.in-flight",
        "idempotency.scoped",
      ],
      make: () => {
        const seen = new Map<string, number>();
        return {
          request: (exchange) => {
            const [, id = ""] = /"idempotency_id":"([0-9a-fA-F-]{36})"/.exec(exchange.body) ?? [];
            const times = (seen.get(id.toLowerCase()) ?? 0) + 1;
            seen.set(id.toLowerCase(), times);
            if (times === 2) exchange.body = exchange.body.replace(id, crypto.randomUUID());
          },
        };
      },
    },
    {
      defect: "answers errors as text",
      only: ["errors"],
      breached: ["errors.content-type"],
      make: () => ({
        answer: ({ status, headers }) => {
          if (status >= 400) headers.set("content-type", "text/plain");
        },
      }),
    },
    {
      defect: "leaves out a member of its errors",
      only: ["errors"],
      breached: ["errors.envelope"],
      make: () => ({
        answer: (answered) => {
          answered.body = answered.body.replace('"source":null,', "");
        },
      }),
    },
    {
      defect: "spells a code as a dictionary does",
      only: ["errors"],
      breached: ["errors.upstream-503", "errors.codes"],
      make: () => ({
        answer: (answered) => {
          answered.body = answered.body.replace("service_unavaiable", "service_unavailable");
        },
      }),
    },
    {
      defect: "shows a stack trace",
      only: ["errors"],
      breached: ["errors.nothing-internal"],
      make: () => ({
        answer: (answered) => {
          answered.body = answered.body.replace('"detail":"', '"detail":"Error at run (/srv/gate.js:12) ');
        },
      }),
    },
    {
      defect: "challenges nobody",
      only: ["who"],
      breached: ["who.no-token", "who.bad-token", "who.expired-token"],
      make: () => ({ answer: ({ headers }) => headers.delete("www-authenticate") }),
    },
    {
      defect: "takes whatever token it gets",
      only: ["who"],
      breached: ["who.bad-token", "who.expired-token"],
      make: () => ({
        answer: (answered, { headers }) => {
          if (answered.status === 401 && headers.has("authorization")) answered.status = 202;
        },
      }),
    },
    {
      defect: "counts those whom it refuses",
      only: ["who"],
      breached: ["who.no-limit-headers"],
      make: () => ({
        answer: ({ status, headers }) => {
          if (status === 403) headers.set("x-ratelimit-limit", "200");
        },
      }),
    },
    {
      defect: "names no member at fault",
      only: ["start"],
      breached: ["start.pointer"],
      make: () => ({
        answer: (answered) => {
          answered.body = answered.body.replace(/"source":\{[^}]*\}/, '"source":null');
        },
      }),
    },
    {
      defect: "does not wait",
      only: ["read"],
      breached: ["read.wait", "read.wait-over", "read.wait-range"],
      make: () => ({
        request: (exchange) => {
          exchange.path = exchange.path.replace(/\?wait_seconds=.*/, "");
        },
      }),
    },
    {
      defect: "shows one user's runs to another",
      only: ["read"],
      breached: ["read.whose"],
      make: () => {
        let starter: string | null = null;
        return {
          request: ({ method, path, headers }) => {
            if (method === "POST" && starter === null) starter = headers.get("authorization");
            if (method === "GET" && path.includes("/runs/") && starter !== null)
              headers.set("authorization", starter);
          },
        };
      },
    },
    {
      defect: "prints the results that it is asked for anew",
      only: ["callback"],
      breached: [PROXY_IS_ANOTHER_HOST, "callback.arrives", "callback.one-off"],
      make: () => ({
        answer: (answered, { method, path }) => {
          if (method === "GET" && /\/runs\/[^/]+$/.test(path.replace(/\?.*/, "")))
            answered.body = JSON.stringify(JSON.parse(answered.body), null, 1);
        },
      }),
    },
    {
      defect: "publishes other keys than it signs with",
      only: ["callback"],
      breached: [PROXY_IS_ANOTHER_HOST, "callback.webhook-signature", "callback.jwt", "callback.retry"],
      make: () => ({
        answer: (answered, { path }) => {
          if (!path.endsWith("/jwks.json")) return;
          // Of RFC 8037, appendix A.
          const x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
          answered.body = answered.body.replace(/"x":"[^"]*"/, `"x":"${x}"`);
        },
      }),
    },
    {
      defect: "sends again while a delivery is under way",
      only: ["delivery"],
      breached: ["delivery.under-way"],
      make: () => ({
        answer: (answered) => {
          if (answered.status === 409) answered.status = 202;
        },
      }),
    },
    {
      defect: "shows no CSV, and one page again and again",
      only: ["billing"],
      breached: ["billing.csv", "billing.pages"],
      make: () => ({
        request: (exchange) => {
          exchange.headers.delete("accept");
          exchange.path = exchange.path.replace(/&cursor=[^&]*/, "");
        },
      }),
    },
    {
      defect: "passes nothing through",
      only: ["pass"],
      breached: ["pass.list", "pass.methods", "pass.undamaged"],
      make: () => ({
        answer: (answered, { path }) => {
          if (/stored-actions(?:\/[^/]+)?$/.test(path) && answered.status < 300) answered.status = 404;
        },
      }),
    },
    {
      defect: "is dead, publishes private keys and an empty contract",
      only: ["surface"],
      breached: ["surface.healthz", "surface.jwks", "surface.openapi", "surface.method"],
      make: () => ({
        answer: (answered, { path }) => {
          if (path === "/healthz") answered.status = 503;
          if (path.endsWith("/jwks.json")) answered.body = answered.body.replace('"x":', '"d":"x","x":');
          if (path === "/openapi.json") answered.body = '{"openapi":"3.1.0","paths":{}}';
          answered.headers.delete("allow");
        },
      }),
    },
  ])("one that $defect", async ({ only, breached, make }) => {
    const found = await examined(make(), only);
    expect(idsOf(found, "breach")).toEqual(breached);
    expect(idsOf(found, "skipped")).toEqual([]);
    for (const { outcome, detail } of found) if (outcome === "breach") expect(detail).toMatch(/\S/);
  });
});
