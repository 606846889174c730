// Gateways that are each wrong in one way, and the clauses that catch it.
import { devToken } from "../../../scripts/dev-token.ts";
import type { Answered, Defect } from "./defective-proxy.ts";

type Answering = NonNullable<Defect["answer"]>;
type Asking = NonNullable<Defect["request"]>;
/** What it does, and the clauses that are breached when their sections are asked. */
type Case = [does: string, breached: string, defect: Defect];

/** The gateway behind the proxy cannot know the proxy's host for its own. */
const PROXY_IS_ANOTHER_HOST = "callback.own-host";
const REPLAYS = "idempotency.replay idempotency.mismatch idempotency.case idempotency.at-once";
/** Of RFC 8037, appendix A. */
const ANOTHER_KEY = '"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"';

const ANOTHER_USERS_TOKEN = await devToken({
  sub: "another-user",
  scope: "external",
  expiresSeconds: 1800,
  claims: {},
});

const answering = (answer: Answering): Defect => ({ answer });
const asking = (request: Asking): Defect => ({ request });
const without = (header: string): Defect => ({ answer: ({ headers }) => headers.delete(header) });

function writing(
  from: string | RegExp,
  to: string,
  where: (answered: Answered) => boolean = () => true,
): Defect {
  return answering((answered) => {
    if (where(answered)) answered.body = answered.body.replace(from, to);
  });
}

function saying(header: string, to: (value: string) => string): Defect {
  return answering(({ headers }) => {
    const value = headers.get(header);
    if (value !== null) headers.set(header, to(value));
  });
}

/** The sandbox's errors have nothing in `meta`, the gateway's own have the request's id. */
function isUpstreams({ body }: Answered): boolean {
  return body.includes('"meta":{}');
}

/** No defect: the upstream's own affair. */
export const CODES_OF_ITS_OWN = answering((answered) => {
  if (!isUpstreams(answered)) return;
  answered.body = answered.body
    .replace('"code":"payment_required"', '"code":"no_tasks"')
    .replace('"code":"not_found"', '"code":"stored_action_not_found"');
});

export const BEFORE_ANY_UPSTREAM: readonly Case[] = [
  [
    "wraps an upstream's 503 under another code",
    "errors.upstream-503 errors.codes",
    answering((answered) => {
      const meta = `"meta":{"request_id":"${answered.headers.get("x-request-id")}"}`;
      if (answered.status === 503)
        answered.body = answered.body
          .replace('"meta":{}', meta)
          .replace("service_unavaiable", "service_unavailable");
    }),
  ],
  [
    "leaves out a member of an upstream's error",
    "errors.upstream-402 errors.upstream-404 errors.upstream-503 errors.envelope",
    writing('"source":null,', "", isUpstreams),
  ],
];

const LIMIT: readonly Case[] = [
  ["drops Retry-After", "limit.refused limit.retry-after", without("retry-after")],
  [
    "names a Retry-After that is too short",
    "limit.retry-after reset.retry-after reset.new-window reset.refused-id",
    saying("retry-after", () => "2"),
  ],
  ["lets one more pass than the limit says", "limit.exact limit.remaining", oneMorePasses()],
  [
    "says a limit that is off by one",
    "limit.headers limit.default limit.override limit.replay-uncounted",
    saying("x-ratelimit-limit", (limit) => String(Number(limit) + 1)),
  ],
];

const JSON_AND_IDS: readonly Case[] = [
  [
    "changes one digit in a body",
    "json.numbers json.beside-a-callback",
    writing("12345678901234567890", "12345678901234567891"),
  ],
  ["replays without saying so", `${REPLAYS} idempotency.after-failure`, without("idempotency-replayed")],
  [
    "takes the second request under an id for the first of another",
    `${REPLAYS} idempotency.scoped`,
    secondIsAnother(),
  ],
];

const ERRORS_AND_CALLERS: readonly Case[] = [
  [
    "answers errors as text",
    "errors.content-type",
    answering(({ status, headers }) => {
      if (status >= 400) headers.set("content-type", "text/plain");
    }),
  ],
  [
    "shows a stack trace",
    "errors.nothing-internal",
    writing('"detail":"', '"detail":"Error at run (/srv/gate.js:12) '),
  ],
  ["challenges no caller", "who.no-token who.bad-token who.expired-token", without("www-authenticate")],
  [
    "takes whatever token it gets",
    "who.bad-token who.expired-token",
    answering((answered, { headers }) => {
      if (answered.status === 401 && headers.has("authorization")) answered.status = 202;
    }),
  ],
  [
    "counts those whom it refuses",
    "who.no-limit-headers",
    answering(({ status, headers }) => {
      if (status === 403) headers.set("x-ratelimit-limit", "200");
    }),
  ],
  ["names no member at fault", "start.pointer", writing(/"source":\{[^}]*\}/, '"source":null')],
  [
    "does not wait",
    "read.wait read.wait-over read.wait-range",
    asking((exchange) => {
      exchange.path = exchange.path.replace(/\?wait_seconds=.*/, "");
    }),
  ],
  ["shows one user's runs to another", "read.whose", asksAsTheFirst()],
];

const AFTER_A_RUN: readonly Case[] = [
  [
    "prints the results that it is asked for anew",
    `${PROXY_IS_ANOTHER_HOST} callback.arrives callback.one-off`,
    answering((answered, { method, path }) => {
      if (method === "GET" && /\/runs\/[^/]+$/.test(path.replace(/\?.*/, "")))
        answered.body = JSON.stringify(JSON.parse(answered.body), null, 1);
    }),
  ],
  [
    "publishes other keys than it signs with",
    `${PROXY_IS_ANOTHER_HOST} callback.webhook-signature callback.jwt callback.retry`,
    answering((answered, { path }) => {
      if (path.endsWith("/jwks.json")) answered.body = answered.body.replace(/"x":"[^"]*"/, ANOTHER_KEY);
    }),
  ],
  [
    "gives another secret than it signs with",
    `${PROXY_IS_ANOTHER_HOST} callback.v1`,
    writing(/"whsec_..../, '"whsec_AAAA'),
  ],
  [
    "takes every caller for one user",
    `${PROXY_IS_ANOTHER_HOST} callback.jwt`,
    asking(({ headers }) => headers.set("authorization", `Bearer ${ANOTHER_USERS_TOKEN}`)),
  ],
  [
    "signs callbacks for another host than the caller named",
    `${PROXY_IS_ANOTHER_HOST} callback.jwt`,
    asking((exchange) => {
      exchange.body = exchange.body.replace(/(?<="callback_url":"http:\/\/)127\.0\.0\.1/, "localhost");
    }),
  ],
  [
    "sends again while a delivery is under way",
    "delivery.under-way",
    answering((answered) => {
      if (answered.status === 409) answered.status = 202;
    }),
  ],
  [
    "shows no CSV, and one page again and again",
    "billing.csv billing.pages",
    asking((exchange) => {
      exchange.headers.delete("accept");
      exchange.path = exchange.path.replace(/&cursor=[^&]*/, "");
    }),
  ],
  [
    "passes nothing through",
    "pass.list pass.methods pass.undamaged",
    answering((answered, { path }) => {
      if (/stored-actions(?:\/[^/]+)?$/.test(path) && answered.status < 300) answered.status = 404;
    }),
  ],
  [
    "is dead, publishes private keys and an empty contract",
    "surface.healthz surface.jwks surface.openapi surface.method",
    answering((answered, { path }) => {
      if (path === "/healthz") answered.status = 503;
      if (path.endsWith("/jwks.json")) answered.body = answered.body.replace('"x":', '"d":"x","x":');
      if (path === "/openapi.json") answered.body = '{"openapi":"3.1.0","paths":{}}';
      answered.headers.delete("allow");
    }),
  ],
];

export const BEFORE_THE_SANDBOX: readonly Case[] = [
  ...LIMIT,
  ...JSON_AND_IDS,
  ...ERRORS_AND_CALLERS,
  ...AFTER_A_RUN,
];

function oneMorePasses(): Defect {
  let passed = false;
  return answering((answered) => {
    if (answered.status !== 429 || passed) return;
    passed = true;
    answered.status = 202;
    answered.body = JSON.stringify({ data: { type: "run", id: crypto.randomUUID() } });
  });
}

function secondIsAnother(): Defect {
  const seen = new Map<string, number>();
  return asking((exchange) => {
    const [, id = ""] = /"idempotency_id":"([0-9a-fA-F-]{36})"/.exec(exchange.body) ?? [];
    const times = (seen.get(id.toLowerCase()) ?? 0) + 1;
    seen.set(id.toLowerCase(), times);
    if (times === 2) exchange.body = exchange.body.replace(id, crypto.randomUUID());
  });
}

function asksAsTheFirst(): Defect {
  let starter: string | null = null;
  return asking(({ method, path, headers }) => {
    if (method === "POST" && starter === null) starter = headers.get("authorization");
    if (method === "GET" && path.includes("/runs/") && starter !== null)
      headers.set("authorization", starter);
  });
}
