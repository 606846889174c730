// The commands for a gateway and for an account, as the documents have them, and what comes of them.
import { expect } from "vitest";
import type { FakeAccount, Flag } from "./account.ts";
import { until } from "./process.ts";
import type { Played } from "./scene.ts";
import * as stock from "./stocked-account.ts";
import type { Terminal } from "./terminal.ts";

const PATIENCE_MS = 30_000;
export const SIGNING_KEYS = '{ "keys": [] }\n';
const NOTHING = /^$/;
const A_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+\n$/;
const A_RUN = /"data":\{"type":"run","id":"/;
const READY = /^Ctrl-C stops the gateway\./m;
const LISTENING = /listening on /;
const KEYS = /^\{"keys":\[\{/;
const HOST_HASH = "a91b8b0f880d24c4";

/** To whatever receiver listens by then. */
const REDELIVERED: Played = {
  command: "curl -s -X POST $ACTION/runs/$RUN_ID/deliveries/redeliver…",
  shows: (output, { terminal }) => {
    expect(output).toContain('"attempts":[');
    return received(/^run [0-9a-f-]{36}: \{/m, terminal);
  },
};

/** At one gateway, in one terminal. */
const AT_A_GATEWAY: readonly Played[] = [
  {
    command: 'npm start -- --port 9000 --persist-to "$(mktemp -d)" --var RUN_POLL_SCHEDULE:60,300',
    beside: ["gateway", READY],
    shows: /Edge Actions is ready on/,
  },
  { command: "TOKEN=$(npm run --silent token -- --sub alice)", shows: NOTHING },
  { command: 'curl -s http://127.0.0.1:8787/…/run …"Hello World!"…', shows: A_RUN },
  { command: "curl -s http://127.0.0.1:8787/actions/v1/stored-actions -H …", shows: /"title":"A nap"/ },
  { command: "curl -s https://actions.example.com/readyz", soon: true, shows: /"status":"ready"/ },
  { command: "curl -s https://actions.example.com/.well-known/jwks.json", shows: KEYS },
  { command: 'curl -s "https://actions.example.com/…/$ACTION/run"…', shows: A_RUN },
  { command: "npm run --silent token -- --sub alice --claim 'billing=…", shows: A_TOKEN },
  { command: "TOKEN=$(npm run --silent token -- --sub alice --claim …)", shows: NOTHING },
  { command: "curl -s -X PUT http://127.0.0.1:8787/actions/v1/sandbox/balance…", shows: /"tasks":0/ },
  { command: 'curl -s http://127.0.0.1:8787/…/run …\'{"data":{"inputs":{}}}\'', shows: /"status":402/ },
  { command: "npm run --silent token -- --sub me --scope operator", shows: A_TOKEN },
  { command: "TOKEN=$(npm run --silent token -- --sub me --scope operator)", shows: NOTHING },
  { command: "curl -s 'http://127.0.0.1:8787/console/api/overview?span=day'…", shows: /"totals":\{/ },
  { command: "curl -s http://127.0.0.1:8787/console/api/dead-letters/redeliver…", shows: /"id":"/ },
  { command: "curl -s https://actions.example.com/console/api/overview…", shows: /"health":\[/ },
  { command: "curl -s 'https://actions.example.com/console/api/errors?kind=upstream'…", shows: /"groups":/ },
  { command: "NEXT='http://127.0.0.1:8787/console/api/charges?from=…'", shows: NOTHING },
  { command: 'while [ -n "$NEXT" ]; do …done', shows: NOTHING },
  { command: 'echo "${NEXT:-complete}"', shows: /^complete$/m },
  receiver("node examples/node-jose/receiver.mjs…"),
  { command: "ACTION=http://127.0.0.1:8787/…", shows: NOTHING },
  { command: "TOKEN=$(npm run --silent token -- --sub alice --expires 3600)", shows: NOTHING },
  { command: "RUN_ID=$(curl -s $ACTION/run…", shows: NOTHING },
  {
    command: "echo $RUN_ID",
    shows: (id, { terminal }) => received(new RegExp(`^run ${id.trim()}: \\{`, "m"), terminal),
  },
  { command: "curl -s http://127.0.0.1:8787/callbacks/secret -H…", shows: /"secret":"whsec_/ },
  { command: "curl -s http://127.0.0.1:8787/.well-known/jwks.json", shows: KEYS },
  { command: "curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:9000/hook…", shows: /^401\n$/ },
  { command: "curl -s $ACTION/runs/$RUN_ID/deliveries -H…", soon: true, shows: /"state":"delivered"/ },
  { command: "export CALLBACK_SECRETS=$(curl -s http://127.0.0.1:8787/callbacks/secret…", shows: NOTHING },
  receiver("node examples/node-standard-webhooks/receiver.mjs…"),
  REDELIVERED,
  receiver("node examples/node-svix/receiver.mjs…"),
  REDELIVERED,
  receiver("/usr/bin/python3 examples/python-pyjwt/receiver.py…"),
  REDELIVERED,
  { command: "npx tsc -p clients/typescript", shows: NOTHING },
  { command: "RUN_ID=$(curl -s --retry 5 …", shows: NOTHING },
  { command: 'curl -s "$ACTION/runs/$RUN_ID?wait_seconds=30"…', shows: /"status":"success"/ },
  { command: "curl -s -o /dev/null -D - $ACTION/run…", shows: /^x-ratelimit-remaining: \d+/im },
  { command: 'curl -s $ACTION/run…\'{"data":{"page":0}}\'', shows: /"pointer":"\/data\/page"/ },
  { command: "curl -s 'http://127.0.0.1:8787/usage?from=…", shows: /"next_cursor":null/ },
];

const THE_INDEX: readonly Played[] = [
  {
    command: "npx wrangler d1 execute …SELECT run_id…FROM dead_letters…",
    shows: new RegExp(
      `"run_id": "${stock.RUN_ID}",\\s*"host": "client.example",\\s*"attempts": 10,\\s*"status": 503,\\s*"reason": ".*",\\s*"died": "2026-11`,
    ),
  },
  {
    command: "npx wrangler d1 execute …FROM overdue_gates…",
    shows: /"gate": "[0-9a-f]{64}",\s*"runs": 3,\s*"example_run_key": ".*",\s*"since": "2026-11/,
  },
  { command: "npx wrangler d1 execute …UPDATE epoch…", shows: /Executed 1 command[^]*"success": true/ },
  {
    command: "npx wrangler d1 execute …DISTINCT host…",
    shows: new RegExp(`^${HOST_HASH} client\\.example\n$`),
  },
  { command: "printf %s client.example | sha256sum | cut -c1-16", shows: new RegExp(`^${HOST_HASH}\n$`) },
  {
    command: 'curl "https://api.cloudflare.com/client/v4/accounts/$ACCOUNT/analytics_engine/sql"…',
    shows: (_, { account }) =>
      expect(account.requests.at(-1)).toMatchObject({
        method: "POST",
        body: expect.stringMatching(/^SELECT /),
      }),
  },
];

const THE_FLAG: readonly Played[] = [
  { command: "npx wrangler flagship apps list", shows: /edge-actions-flags +│ edge-actions-flags-id/ },
  { command: "APP=<the id of edge-actions-flags>", shows: NOTHING },
  { command: "npx wrangler flagship flags create $APP …", shows: /edge_actions_api_rate_limiting_shadow/ },
  { command: "FLAG=…", shows: NOTHING },
  flag("set $APP $FLAG --variation off…", { default_variation: "off", rules: [] }),
  flag("rollout …--percentage 5 …", { rules: [{ rollout: { percentage: 5, attribute: "userId" } }] }),
  flag("rollout …--percentage 50 …", { rules: [{ rollout: { percentage: 50, attribute: "userId" } }] }),
  {
    command: "npx wrangler flagship flags update $APP $FLAG --add-rule …",
    shows: (_, { account }) =>
      expect(findFlag(account)?.rules?.at(-1)?.conditions).toEqual([
        { attribute: "userId", operator: "equals", value: "alice" },
      ]),
  },
  { command: "npx wrangler flagship flags evaluate $APP $FLAG -C userId=alice…", shows: /Value +true/ },
  flag("set $APP $FLAG --variation on…", { default_variation: "on", rules: [] }),
];

const WHAT_RUNS: readonly Played[] = [
  { command: "npx wrangler deployments list --env production", shows: new RegExp(stock.VERSION) },
  { command: "npx wrangler versions list --env production", shows: /Tag: +\d+\.\d+\.\d+-1/ },
  {
    command: "npx wrangler rollback --env production",
    shows: (_, { account }) =>
      expect(account.workers.get("edge-actions")?.deployed.at(-1)).toBe(stock.FORMER_VERSION),
  },
  secret("SIGNING_KEYS", SIGNING_KEYS.trim(), " < signing-keys.json"),
  secret("UPSTREAM_TOKEN", "what the upstream believes"),
  secret("COMPLETION_TOKEN", "the-new-token-0123 the-old-token-0123"),
  {
    command: `npx wrangler tail --env production --format json --search '"event":"run.abandoned"'`,
    shows: (output, { account }) => {
      expect(output).toMatch(/run\.abandoned/);
      expect(askedTails(account)).toEqual([{ query: '"event":"run.abandoned"' }]);
    },
  },
  {
    command: "npx wrangler delete --env staging",
    shows: (_, { account }) => expect([...account.workers.keys()]).toEqual(["edge-actions"]),
  },
];

const LOGIN: readonly Played[] = [
  {
    command: "npx wrangler login",
    plus: "--browser=false --callback-port LOGIN_PORT",
    beside: ["wrangler", /Visit this link to authenticate: /],
    shows: async (output, { terminal, replaced }) => {
      await logIn(/\bhttp\S+\/auth\?\S+/.exec(output)?.[0] ?? "", replaced.get("LOGIN_PORT") ?? "");
      await until("the login", PATIENCE_MS, async () =>
        /Successfully logged in/.test(await terminal.printedBy("wrangler")),
      );
    },
  },
];

export const GATEWAY_SCENES: Record<string, readonly Played[]> = {
  "at a gateway": AT_A_GATEWAY,
  "the flag": THE_FLAG,
  "what runs": WHAT_RUNS,
  "the index": THE_INDEX,
  login: LOGIN,
};

/** The receiver has got and verified it. */
function received(line: RegExp, terminal: Terminal): Promise<void> {
  return until(String(line), PATIENCE_MS, async () => line.test(await terminal.printedBy("receiver")));
}

/** As a browser does it. */
async function logIn(url: string, port: string): Promise<void> {
  const { headers } = await fetch(url, { redirect: "manual" });
  const back = new URL(headers.get("location") ?? "");
  back.port = port;
  // It says where to go before it listens there.
  await until("wrangler, at its port", PATIENCE_MS, () =>
    fetch(back, { redirect: "manual" }).then(
      ({ status }) => status === 307,
      () => false,
    ),
  );
}

function findFlag({ apps }: FakeAccount): Flag | undefined {
  return apps.find(({ name }) => name === "edge-actions-flags")?.flags[0];
}

/** It leaves the flag like this. */
function flag(command: string, like: object): Played {
  return {
    command: `npx wrangler flagship flags ${command}`,
    shows: (_, { account }) => expect(findFlag(account)).toMatchObject(like),
  };
}

function secret(name: string, value: string, from = ""): Played {
  return {
    command: `npx wrangler secret put ${name} --env production${from}`,
    input: value,
    shows: (_, { account }) => expect(account.secretOf("edge-actions", name)).toBe(value),
  };
}

function receiver(command: string): Played {
  return { command, beside: ["receiver", LISTENING], shows: LISTENING };
}

function askedTails({ requests }: FakeAccount): unknown {
  const { filters }: { filters: unknown } = JSON.parse(
    requests.findLast(({ method, path }) => method === "POST" && path.endsWith("/tails"))?.body ?? "{}",
  );
  return filters;
}
