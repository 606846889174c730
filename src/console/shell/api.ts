// The console as JSON. Answers are the views themselves; errors are in the published envelope.

import { OVERLOADED, refuse } from "../../http/answers.ts";
import { receiveJson } from "../../http/body.ts";
import type { AppContext } from "../../http/context.ts";
import { actOnRun, nameRun, type RunAction, resetWindow } from "../../operators/actions.ts";
import { type Acted, auditPage } from "../../operators/audit.ts";
import { deadLetters } from "../../operators/dead-letters.ts";
import { readRedelivery, startRedelivery } from "../../operators/redelivery.ts";
import { runDetail } from "../../operators/run-detail.ts";
import { type Problem, parameterFault, problem } from "../../platform/errors.ts";
import { parseJson } from "../../platform/json.ts";
import { log } from "../../platform/observability/log.ts";
import { overview } from "../overview/query.ts";
import { searchRuns } from "../runs/run-search.ts";
import { userView } from "../users/query.ts";
import { getCharges, postReindex } from "./all-gates.ts";
import { consoleDeps, readDestinations } from "./deps.ts";
import {
  type Parsed,
  parseCursor,
  parseLetterQuery,
  parseNamedRun,
  parseRunQuery,
  parseRunTarget,
  parseSomeUser,
  parseSpan,
} from "./queries.ts";

const NO_RUN = problem(
  "not_found",
  "There is no such run. Only a dead letter is found without its user, or by a search.",
);
const NO_START = problem("not_found", "The user has no such start without an answer.");
const NO_REDELIVERY = problem("not_found", "There is no such redelivery.");
const UNAVAILABLE = problem(
  "service_unavaiable",
  "The operators' index or a gate does not answer at the moment.",
  { retryAfterSeconds: 5 },
);
const MAX_FILTER_BYTES = 65_536;

/** What comes of a request: the body and its status, or what is wrong. */
type Result = { status: 200 | 202; body: object } | { outcome: string; problem: Problem };

type Endpoint = (c: AppContext) => Promise<Response>;

const getOverview = asked(
  (c) => parseSpan(c.req.query()),
  async (c, span) => found(await overview(c.env.METRICS_AGGREGATOR, span, Date.now())),
);

const getRuns = asked(
  (c) => parseRunQuery(c.req.query(), Date.now()),
  async (c, query) => found(await searchRuns(consoleDeps(c), query)),
);

const getRun = asked(parseRun, async (c, { runId, userKey }) =>
  found(await runDetail(consoleDeps(c), runId, userKey), NO_RUN),
);

const getUser = asked(parseOwner, async (c, userKey) => found(await userView(consoleDeps(c), userKey)));

const getDeadLetters = asked(
  (c) => parseLetterQuery(c.req.query()),
  async (c, query) => found(await deadLetters(c.env.OPERATORS_DB, query)),
);

const getAudit = asked(
  (c) => parseCursor(c.req.query()),
  async (c, after) => found(await auditPage(c.env.OPERATORS_DB, after)),
);

const getDestinations = endpoint(async (c) => found(await readDestinations(c)));

const getRedelivery = endpoint(async (c) =>
  found(await readRedelivery(consoleDeps(c), c.req.param("id") ?? ""), NO_REDELIVERY),
);

function postRunAction(action: RunAction, status: 200 | 202): Endpoint {
  return asked(parseRun, async (c, { runId, userKey }) => {
    const acted = await actOnRun(consoleDeps(c), c.get("operator"), action, runId, userKey);
    return acting(acted, status, NO_RUN);
  });
}

const postNamedRun = asked(
  (c) => parseNamedRun(c.req.param(), c.req.query("run_id")),
  async (c, { userKey, runKey, runId }) => {
    c.get("notes").runId = runId;
    const acted = await nameRun(consoleDeps(c), c.get("operator"), userKey, runKey, runId);
    return acting(acted, 202, NO_START);
  },
);

const postResetWindow = asked(parseOwner, async (c, userKey) =>
  acting(await resetWindow(consoleDeps(c), c.get("operator"), userKey), 200, NO_START),
);

async function redeliverMany(c: AppContext): Promise<Result> {
  const received = await receiveJson(c.req.raw, MAX_FILTER_BYTES, c.get("reservation"));
  if (received === null) return { outcome: "shed", problem: OVERLOADED };
  if (received.kind === "too_large") {
    const detail = `The body is larger than ${received.maxBytes} bytes.`;
    return wrong(problem("payload_too_large", detail));
  }
  if (received.kind === "unreadable") return wrong(received.problem);
  const { parseRedeliveryFilter } = await import("../../contract/redelivery-filter.ts");
  const verdict = parseRedeliveryFilter(parseJson(received.text));
  if (verdict.kind === "invalid")
    return wrong(problem("bad_request", verdict.detail, { source: { pointer: verdict.pointer } }));
  return { status: 202, body: await startRedelivery(consoleDeps(c), c.get("operator"), verdict.filter) };
}

export const READS: readonly [path: string, read: Endpoint][] = [
  ["/overview", getOverview],
  ["/runs", getRuns],
  ["/runs/:run_id", getRun],
  ["/users", getUser],
  ["/users/:user", getUser],
  ["/dead-letters", getDeadLetters],
  ["/destinations", getDestinations],
  ["/audit", getAudit],
  ["/charges", getCharges],
  ["/redeliveries/:id", getRedelivery],
];

export const ACTIONS: readonly [path: string, act: Endpoint][] = [
  ["/runs/:run_id/poll", postRunAction("poll", 202)],
  ["/runs/:run_id/redeliver", postRunAction("redeliver", 202)],
  ["/runs/:run_id/abandon", postRunAction("abandon", 200)],
  ["/users/:user/open-runs/:run_key/poll", postNamedRun],
  ["/users/:user/reset-window", postResetWindow],
  ["/dead-letters/redeliver", endpoint(redeliverMany)],
  ["/reindex", postReindex],
];

async function parseRun(c: AppContext) {
  const run = await parseRunTarget(c.req.param("run_id"), c.req.query());
  if (run.kind === "ok") c.get("notes").runId = run.value.runId;
  return run;
}

/** The path's, or the query's. */
function parseOwner(c: AppContext): Promise<Parsed<string>> {
  const user = c.req.param("user");
  return parseSomeUser(user === undefined ? c.req.query() : { user });
}

/** An endpoint whose question is judged first. */
function asked<Q>(
  parse: (c: AppContext) => Parsed<Q> | Promise<Parsed<Q>>,
  work: (c: AppContext, question: Q) => Promise<Result>,
): Endpoint {
  return endpoint(async (c) => {
    const question = await parse(c);
    if (question.kind === "ok") return work(c, question.value);
    return wrong(parameterFault(question.parameter, question.detail));
  });
}

// Whatever throws here is a store that does not answer: the index, a gate, the queue.
function endpoint(work: (c: AppContext) => Promise<Result>): Endpoint {
  return async (c) => {
    const result = await work(c).catch((error: unknown): Result => {
      log({ event: "console.unavailable", request_id: c.get("requestId"), error });
      return { outcome: "unavailable", problem: UNAVAILABLE };
    });
    return "problem" in result
      ? refuse(c, result.outcome, result.problem, {})
      : c.json(result.body, result.status);
  };
}

function found(body: object | null, none: Problem = NO_RUN): Result {
  return body === null ? { outcome: "unknown", problem: none } : { status: 200, body };
}

function acting(acted: Acted | null, status: 200 | 202, none: Problem): Result {
  if (acted === null) return { outcome: "unknown", problem: none };
  const { outcome, entry } = acted;
  if (outcome === "done") return { status, body: entry };
  return { outcome: "conflict", problem: problem("conflict", entry.detail ?? "There is nothing to do.") };
}

function wrong(fault: Problem): Result {
  return { outcome: "malformed", problem: fault };
}
