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
import { busiestHosts, destinations } from "../destinations/query.ts";
import { overview } from "../overview/query.ts";
import { searchRuns } from "../runs/run-search.ts";
import { userView } from "../users/query.ts";
import { consoleDeps } from "./deps.ts";
import {
  type Parsed,
  parseCursor,
  parseLetterQuery,
  parseRunId,
  parseRunQuery,
  parseSpan,
  parseUser,
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

export const getOverview = endpoint(async (c) => {
  const span = parseSpan(c.req.query());
  if (span.kind === "invalid") return malformed(span);
  return ok(await overview(c.env.METRICS_AGGREGATOR, span.value, Date.now()));
});

export const getRuns = endpoint(async (c) => {
  const deps = consoleDeps(c);
  const query = await parseRunQuery(c.req.query(), deps.nowMs);
  return query.kind === "invalid" ? malformed(query) : ok(await searchRuns(deps, query.value));
});

export const getRun = endpoint(async (c) => {
  const [runId, user] = [parseRunId(c.req.param("run_id") ?? ""), await parseUser(c.req.query())];
  if (runId.kind === "invalid") return malformed(runId);
  if (user.kind === "invalid") return malformed(user);
  c.get("notes").runId = runId.value;
  const detail = await runDetail(consoleDeps(c), runId.value, user.value);
  return detail === null ? unknown(NO_RUN) : ok(detail);
});

export const getUser = endpoint(async (c) => {
  const given = c.req.param("user");
  const user = await parseUser(given === undefined ? c.req.query() : { user: given });
  if (user.kind === "invalid") return malformed(user);
  if (user.value === null) return wrong(parameterFault("user", "user, or issuer and subject, is required."));
  return ok(await userView(consoleDeps(c), user.value));
});

export const getDeadLetters = endpoint(async (c) => {
  const query = parseLetterQuery(c.req.query());
  return query.kind === "invalid" ? malformed(query) : ok(await deadLetters(c.env.OPERATORS_DB, query.value));
});

export const getDestinations = endpoint(async (c) => {
  return ok(
    await destinations(() => busiestHosts(c.env.METRICS_AGGREGATOR, Date.now()), c.env.DESTINATION_BREAKER),
  );
});

export const getAudit = endpoint(async (c) => {
  const after = parseCursor(c.req.query());
  return after.kind === "invalid" ? malformed(after) : ok(await auditPage(c.env.OPERATORS_DB, after.value));
});

export const getRedelivery = endpoint(async (c) => {
  const redelivery = await readRedelivery(consoleDeps(c), c.req.param("id") ?? "");
  return redelivery === null ? unknown(NO_REDELIVERY) : ok(redelivery);
});

export function postRunAction(action: RunAction, status: 200 | 202): Endpoint {
  return endpoint(async (c) => {
    const [runId, user] = [parseRunId(c.req.param("run_id") ?? ""), await parseUser(c.req.query())];
    if (runId.kind === "invalid") return malformed(runId);
    if (user.kind === "invalid") return malformed(user);
    c.get("notes").runId = runId.value;
    const acted = await actOnRun(consoleDeps(c), c.get("operator"), action, runId.value, user.value);
    return acted === null ? unknown(NO_RUN) : acting(acted, status);
  });
}

export const postNamedRun = endpoint(async (c) => {
  const user = await parseUser({ user: c.req.param("user") });
  const runKey = parseRunId(c.req.param("run_key") ?? "", "run_key");
  const runId = parseRunId(c.req.query("run_id") ?? "");
  if (user.kind === "invalid") return malformed(user);
  if (runKey.kind === "invalid") return malformed(runKey);
  if (runId.kind === "invalid") return malformed(runId);
  c.get("notes").runId = runId.value;
  const operator = c.get("operator");
  const acted = await nameRun(consoleDeps(c), operator, user.value ?? "", runKey.value, runId.value);
  return acted === null ? unknown(NO_START) : acting(acted, 202);
});

export const postResetWindow = endpoint(async (c) => {
  const user = await parseUser({ user: c.req.param("user") });
  if (user.kind === "invalid") return malformed(user);
  return acting(await resetWindow(consoleDeps(c), c.get("operator"), user.value ?? ""), 200);
});

export const postRedelivery = endpoint(async (c) => {
  const received = await receiveJson(c.req.raw, MAX_FILTER_BYTES, c.get("hold"));
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
  return ok(await startRedelivery(consoleDeps(c), c.get("operator"), verdict.filter), 202);
});

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

function ok(body: object, status: 200 | 202 = 200): Result {
  return { status, body };
}

function acting({ outcome, entry }: Acted, status: 200 | 202): Result {
  if (outcome === "done") return ok(entry, status);
  return { outcome: "conflict", problem: problem("conflict", entry.detail ?? "There is nothing to do.") };
}

function malformed({ parameter, detail }: Extract<Parsed<unknown>, { kind: "invalid" }>): Result {
  return wrong(parameterFault(parameter, detail));
}

function wrong(of: Problem): Result {
  return { outcome: "malformed", problem: of };
}

function unknown(of: Problem): Result {
  return { outcome: "unknown", problem: of };
}
