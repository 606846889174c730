// Upstreams that are each wrong in one way, and the clauses that catch it. All are the example in Node behind a proxy.
import { setTimeout as sleep } from "node:timers/promises";
import type { Defect } from "../flows/support/defective-proxy.ts";
import {
  believing,
  byCallersId,
  conflicting,
  fail,
  forgetting,
  lagging,
  racing,
  rewriteStart,
  showingAll,
  timing,
  usingUp,
  withId,
} from "./upstream-faults.ts";

/** What it does, and the clauses that are breached when their sections are asked. `defect` is made for each upstream anew. */
export type Case = {
  does: string;
  breached: string;
  defect?: () => Defect;
  options?: readonly string[];
  completionToken?: string;
  retryMs?: number;
};

const NO_ENDS = ["--patience", "1"];
const REPEATED =
  "idempotency.repeated idempotency.at-once idempotency.other-payload idempotency.after-the-end";
const STARTED = "start.accepted start.unknown-members start.one-off";

const answering = (answer: NonNullable<Defect["answer"]>) => (): Defect => ({ answer });
const asking = (request: NonNullable<Defect["request"]>) => (): Defect => ({ request });

export const DEFECTS: readonly Case[] = [
  {
    does: "names no run",
    breached: STARTED,
    defect: answering((answered) => rewriteStart(answered, { data: { type: "run" } })),
  },
  {
    does: "names runs by numbers",
    breached: STARTED,
    defect: answering((answered) => rewriteStart(answered, { data: { type: "run", id: 1 } })),
  },
  { does: "gives another type", breached: "start.accepted", defect: writing('"type":"run"', '"type":"job"') },
  {
    does: "refuses members that it does not know",
    breached: "start.unknown-members",
    defect: answering((answered, { body }) => {
      if (body.includes("also_unheard_of")) fail(answered, 400);
    }),
  },
  {
    does: "has no one-off runs",
    breached: "start.one-off",
    defect: answering((answered, { method, path }) => {
      if (method === "POST" && path === "/actions/v1/runs") fail(answered, 404);
    }),
  },
  {
    does: "breaks at large bodies",
    breached: "start.large",
    defect: answering((answered, { body }) => {
      if (body.length > 1_000_000) fail(answered, 500);
    }),
  },
  {
    does: "starts a run at each request",
    breached: REPEATED,
    defect: asking((exchange) => withId(exchange, crypto.randomUUID())),
  },
  { does: "answers a known id with 409", breached: REPEATED, defect: conflicting },
  { does: "looks an id up before it stores it", breached: "idempotency.at-once", defect: racing },
  {
    does: "takes another payload for another start",
    breached: "idempotency.other-payload",
    defect: asking((exchange) => {
      if (exchange.body.includes('"number":2')) withId(exchange, crypto.randomUUID());
    }),
  },
  { does: "forgets an id with the run", breached: "idempotency.after-the-end", defect: forgetting },
  {
    does: "tells starts by their payload",
    breached: "idempotency.other-id",
    defect: asking((exchange) => {
      if (exchange.body.includes('"same":true')) withId(exchange, "one-for-all");
    }),
  },
  { does: "tells starts by X-Idempotency-Id", breached: "idempotency.callers-id", defect: byCallersId },
  { does: "uses an id up with a refusal", breached: "idempotency.after-a-refusal", defect: usingUp },
  { does: "has no run at first", breached: "read.at-once read.waiting", defect: lagging },
  {
    does: "wraps every run in data",
    breached: "read.ended read.waiting read.ends read.failed",
    defect: answering((answered) => {
      if (answered.body.startsWith('{"type"')) answered.body = `{"data":${answered.body}}`;
    }),
  },
  {
    does: "wraps no run in data",
    breached: "read.one-off",
    defect: answering((answered) => {
      if (answered.status === 200) answered.body = answered.body.replace(/^\{"data":(.*)\}$/, "$1");
    }),
  },
  {
    does: "has another word for waiting",
    breached: "read.waiting",
    defect: writing('"waiting"', '"running"'),
  },
  {
    does: "ends no run",
    breached: "read.ended read.one-off read.ends read.stable",
    defect: answering((answered) => {
      if (!answered.body.includes('"success"')) return;
      answered.body = answered.body.replace('"success"', '"waiting"');
      answered.status = 202;
    }),
    options: NO_ENDS,
  },
  {
    does: "answers a failed run with 500",
    breached: "read.failed",
    defect: answering((answered) => {
      if (answered.body.includes('"status":"error"')) answered.status = 500;
    }),
  },
  { does: "says no error", breached: "read.failed", defect: writing(/"errors":\[\{.*?\}\]/, '"errors":[]') },
  { does: "puts the time in", breached: "read.stable", defect: timing },
  {
    does: "sends much while a run waits",
    breached: "read.waiting",
    defect: writing('"waiting"', `"waiting","filler":"${"x".repeat(20_000)}"`),
  },
  {
    does: "leaves 404s bare",
    breached: "missing.run missing.one-off",
    defect: answering((answered) => {
      if (answered.status === 404) answered.body = "";
    }),
  },
  {
    does: "answers the start of no action with 400",
    breached: "missing.action",
    defect: answering((answered, { method }) => {
      if (method === "POST" && answered.status === 404) answered.status = 400;
    }),
  },
  {
    does: "answers refusals with 400",
    breached: "refusal.402 refusal.403 refusal.429",
    defect: answering((answered) => {
      if (answered.status > 401) answered.status = 400;
    }),
  },
  {
    does: "refuses in HTML",
    breached: "refusal.envelope",
    defect: answering((answered) => {
      if (answered.status > 401) answered.body = "<html>Refused</html>";
    }),
  },
  {
    does: "does not say when to come again",
    breached: "refusal.retry-after",
    defect: answering(({ headers }) => headers.delete("retry-after")),
  },
  { does: "needs no token", breached: "identity.none", defect: () => believing(({ token }) => token === "") },
  {
    does: "verifies no signature",
    breached: "identity.forged",
    defect: () => believing(({ isExpired, audience }) => !isExpired && audience === "actions-upstream"),
  },
  {
    does: "takes expired tokens",
    breached: "identity.expired",
    defect: () => believing(({ isExpired }) => isExpired),
  },
  {
    does: "takes tokens for others",
    breached: "identity.audience",
    defect: () => believing(({ audience }) => audience !== "actions-upstream" && audience !== null),
  },
  { does: "shows runs to all users", breached: "identity.other-user", defect: showingAll },
  {
    does: "does not know the service's token",
    breached: "identity.upstream-token",
    options: ["--upstream-token", "unknown", ...NO_ENDS],
  },
  {
    does: "sends no completions",
    breached: "completion.sent completion.token completion.run-id completion.again",
    defect: asking((exchange) => {
      exchange.body = exchange.body.replace("callback_url", "no_url");
    }),
    options: NO_ENDS,
  },
  { does: "sends another token", breached: "completion.token", completionToken: "another" },
  {
    does: "names another run",
    breached: "completion.run-id",
    defect: answering((answered) =>
      rewriteStart(answered, { data: { type: "run", id: crypto.randomUUID() } }),
    ),
  },
  {
    does: "sends a completion once",
    breached: "completion.again",
    retryMs: 3_600_000,
    options: NO_ENDS,
  },
  {
    does: "hangs up at /healthz",
    breached: "health.answers",
    defect: asking(({ path }) => {
      if (path === "/healthz") throw new Error("hangs up");
    }),
  },
  {
    does: "takes its time",
    breached: "answers.in-time",
    defect: answering(() => sleep(600)),
    options: ["--timeout-ms", "500"],
  },
  {
    does: "compresses as it likes",
    breached: "answers.coding",
    defect: answering(({ headers }) => headers.set("content-encoding", "compress")),
  },
  {
    does: "calls JSON a text",
    breached: "answers.json",
    defect: answering(({ headers }) => headers.set("content-type", "text/plain")),
  },
];

function writing(from: string | RegExp, to: string): () => Defect {
  return answering((answered) => {
    answered.body = answered.body.replace(from, to);
  });
}
