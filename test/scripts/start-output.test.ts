// What of wrangler's lines the terminal shows: noise that is listed, one line a request, and everything else.
import { describe, expect, it } from "vitest";
import { findProblems } from "../../scripts/start/log-line.ts";
import { WranglerOutput } from "../../scripts/start/output.ts";

const OWN_TRACE = "0af7651916cd43dd8448eb211c80319c";
/** 12:03:04 on this machine's clock, wherever it is. */
const TIME = new Date(2026, 10, 29, 12, 3, 4).toISOString();
const SERVED = {
  time: TIME,
  event: "request.served",
  request_id: "f1b2",
  trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
  method: "GET",
  route: "/usage",
  status: 200,
  outcome: "served",
  user: "NuCIf",
  run_id: "27082b7e-fdb7-4210-825f-9bf26ad39670",
  total_ms: 12,
  auth_ms: 1,
  gate_ms: 2,
  upstream_ms: 3,
};

const FAILED = {
  number: 1,
  outcome: "failed",
  status: null,
  duration_ms: 4,
  error: "TypeError: fetch failed",
};

function show(...lines: string[]): string[] {
  const output = new WranglerOutput(OWN_TRACE, () => TIME);
  return lines.flatMap((line) => {
    const shown = output.read(line);
    return shown.kind === "nothing" ? [] : shown.text.split("\n");
  });
}

function logged(event: object): string {
  return `[edge-actions] ${JSON.stringify(event)}`;
}

/** As wrangler prints it, line by line. */
const NOISE = `
Using secrets defined in .dev/gateway.env
edge-actions has access to the following bindings:
Binding                            Resource            Mode
env.USER_GATE (UserGate)           Durable Object      local
env.JWT_ISSUERS ("(hidden)")       Environment Variable          local
env.UPSTREAM (edge-actions-sandbox)   Worker    local [not connected]

Service bindings, Durable Object bindings, and Tail consumers connect to other Wrangler or Vite dev processes running locally, with their connection status indicated by [connected] or [not connected].
❓ Your types might be out of date. Re-run \`wrangler types\` to ensure your types are correct.
\u001B[33m▲ \u001B[43;33m[\u001B[43;30mWARNING\u001B[43;33m]\u001B[0m \u001B[1mScheduled Workers are not automatically triggered during local development.\u001B[0m

  To manually trigger a scheduled event, run:
    curl "http://127.0.0.1:18787/cdn-cgi/local/scheduled"
  For more details, see \u001B[4mhttps://developers.cloudflare.com/workers/configuration/cron-triggers/#test-cron-triggers-locally\u001B[0m


⎔ Starting local server...
⎔ Connection status updated
⎔ Reloading local server...
[wrangler:info] Ready on http://127.0.0.1:18787
[wrangler:info] Ready on http://0.0.0.0:18787
[wrangler:info] - http://127.0.0.1:18787
[wrangler:info] - http://192.0.2.2:18787
[wrangler:info] GET /readyz 200 OK (176ms)
[wrangler:info] POST /actions/v1/runs 202 Accepted (3673ms)
[wrangler:info] QUEUE edge-actions-runs 1/1 (67ms)
🪵  Logs were written to "/home/me/.config/.wrangler/logs/wrangler.log"
`;

it("noise, empty lines and the requests that start makes itself are not shown", () => {
  expect(show(...NOISE.split("\n"), "  ", logged({ ...SERVED, trace_id: OWN_TRACE }))).toEqual([]);
});

describe("activity", () => {
  it.each([
    ["a request", [logged(SERVED)], "12:03:04 GET /usage 200 12 ms"],
    ["a request in colours", [`\u001B[2m${logged(SERVED)}\u001B[22m`], "12:03:04 GET /usage 200 12 ms"],
    [
      "a request with another outcome than usual",
      [logged({ ...SERVED, outcome: "replayed" })],
      "12:03:04 GET /usage 200 12 ms replayed",
    ],
    [
      "a request that is refused, with the reason, which is logged before it",
      [
        logged({ time: TIME, event: "caller.refused", request_id: "f1b2", reason: "token.expired" }),
        logged({ ...SERVED, status: 401, outcome: "unauthorized" }),
      ],
      "12:03:04 GET /usage 401 12 ms unauthorized (token.expired)",
    ],
    [
      "a callback's attempt",
      [logged({ time: TIME, event: "callback.attempted", run_id: "2708", trace_id: "4bf9", ...FAILED })],
      '12:03:04 callback.attempted run_id=2708 number=1 outcome=failed duration_ms=4 error="TypeError: fetch failed"',
    ],
    [
      "settings that have become bad",
      [logged({ time: TIME, event: "settings.invalid", problems: ["A must be B", "C is required"] })],
      '12:03:04 settings.invalid problems="A must be B; C is required"',
    ],
    [
      "a reload",
      ["⎔ Reloading local server...", "", "⎔ Local server updated and ready"],
      "12:03:04 reloaded",
    ],
  ])("%s is one line", (_what, lines, shown) => {
    expect(show(...lines)).toEqual([shown]);
  });
});

describe("a diagnosis is shown with all its lines", () => {
  it.each([
    [
      "a build error",
      [
        "✘ [ERROR] Build failed with 1 error:",
        "",
        '  ✘ [ERROR] Expected identifier but found "="',
        "  ",
        "      src/platform/settings.ts:230:6:",
        "      230 │ const = ;",
        "            ╵       ^",
      ],
    ],
    [
      "an uncaught exception",
      [
        "✘ [ERROR] service core:user:edge-actions: Uncaught Error: at top",
        "",
        "    at null.<anonymous> (index.js:218:38208)",
      ],
    ],
    ["a Worker's own line", ["[edge-actions] a", "b { x: 1 }"]],
    ["JSON that is no event", ['[edge-actions] {"a":1}', "[edge-actions] {no JSON}"]],
    ["a warning of the sandbox", ["▲ [WARNING] warned"]],
    ["a warning like a known one", ["▲ [WARNING] Scheduled Workers are forbidden here", "  For that reason"]],
  ])("%s", (_what, lines) => {
    expect(show(...lines)).toEqual(lines.map((line) => (line.trim() === "" ? "" : line)));
  });

  it("but without the empty lines behind it, and also when it follows noise", () => {
    expect(
      show(
        "edge-actions has access to the following bindings:",
        "env.KV    KV Namespace    local",
        "not a binding",
        "",
        "",
        "[wrangler:info] GET / 200 OK (1ms)",
        "",
        "another",
      ),
    ).toEqual(["not a binding", "another"]);
  });
});

describe("findProblems", () => {
  it.each([
    [logged({ time: TIME, event: "settings.invalid", problems: ["A must be B"] }), ["A must be B"]],
    [logged(SERVED), null],
    ["settings.invalid", null],
  ])("%s", (line, problems) => {
    expect(findProblems(line)).toEqual(problems);
  });
});
