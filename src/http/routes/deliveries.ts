// A caller's view of its own run's callback: the attempts, what comes next, and sending it again.

import type { RunRecord } from "../../gate/admission.ts";
import { attemptError, type DeliveryView, deliveryView } from "../../gate/delivery-view.ts";
import { problem } from "../../platform/errors.ts";
import { log } from "../../platform/observability/log.ts";
import { idFault } from "../../runs/run-target.ts";
import { storedActionIdOf } from "../../runs/terms.ts";
import { blocked, tooManyRequests } from "../../start/start-answer.ts";
import { refuse } from "../answers.ts";
import { callersGate, limitHeaders, limitOfStarts, parseTarget } from "../caller-deps.ts";
import type { AppContext } from "../context.ts";
import { type CountedRead, countRead } from "../read-window.ts";

const NO_CALLBACK = problem("not_found", "This run has no callback, or there is no such run.");
const UNDER_WAY = problem("conflict", "The delivery of this run is still under way.");
const UNAVAILABLE = problem("service_unavaiable", "Deliveries cannot be read at the moment.", {
  retryAfterSeconds: 5,
});

export async function readDeliveries(c: AppContext): Promise<Response> {
  const found = await find(c);
  return found.kind === "problem" ? found.answer : answerView(c, found.view, 200, found.headers);
}

export async function redeliver(c: AppContext): Promise<Response> {
  const found = await find(c);
  if (found.kind === "problem") return found.answer;
  const { record } = found;
  let { headers } = found;
  try {
    const window = await limitOfStarts(c, parseTarget(c));
    const redelivery = await callersGate(c).redeliver(record, { kind: "caller", window });
    if (redelivery === null) return refuse(c, "unknown", NO_CALLBACK, headers);
    if (redelivery.kind === "blocked") return refuse(c, "blocked", blocked(redelivery.untilMs), {});
    if (redelivery.view !== null) headers = limitHeaders(c, "runs", redelivery.view);
    if (redelivery.kind === "limited")
      return refuse(c, "limited", tooManyRequests(redelivery.retryAfterSeconds), headers);
    const view = deliveryView(parseTarget(c), redelivery.record);
    if (view === null) return refuse(c, "unknown", NO_CALLBACK, headers);
    if (redelivery.kind === "under_way") return refuse(c, "conflict", UNDER_WAY, headers);
    return answerView(c, view, 202, headers);
  } catch (error) {
    return unavailable(c, headers, error);
  }
}

type Found =
  | { kind: "view"; record: RunRecord; view: DeliveryView; headers: CountedRead["headers"] }
  | { kind: "problem"; answer: Response };

async function find(c: AppContext): Promise<Found> {
  const target = parseTarget(c);
  const runId = (c.req.param("run_id") ?? "").toLowerCase();
  const { refusal, headers } = await countRead(c, storedActionIdOf({ target }));
  if (refusal !== null) return { kind: "problem", answer: refuse(c, "limited", refusal, headers) };
  const fault = idFault(target, runId);
  if (fault !== null) return { kind: "problem", answer: refuse(c, "malformed", fault, headers) };
  c.get("notes").runId = runId;
  try {
    const record = await callersGate(c).findRun(runId);
    const view = record && deliveryView(target, record);
    if (record === null || view === null)
      return { kind: "problem", answer: refuse(c, "unknown", NO_CALLBACK, headers) };
    return { kind: "view", record, view, headers };
  } catch (error) {
    return { kind: "problem", answer: unavailable(c, headers, error) };
  }
}

function unavailable(c: AppContext, headers: Record<string, string>, error: unknown): Response {
  log({ event: "deliveries.unavailable", request_id: c.get("requestId"), error });
  return refuse(c, "unavailable", UNAVAILABLE, headers);
}

/** Contract, Deliveries. */
function answerView(
  c: AppContext,
  view: DeliveryView,
  status: 200 | 202,
  headers: Record<string, string>,
): Response {
  c.get("notes").outcome = view.state;
  const attempts = view.attempts.map((attempt) => ({
    number: attempt.number,
    at: new Date(attempt.atMs).toISOString(),
    status: attempt.outcome.status,
    duration_ms: attempt.durationMs,
    error: attemptError(attempt),
  }));
  const next = view.nextAttemptAtMs;
  const data = {
    state: view.state,
    callback_url: view.callbackUrl,
    next_attempt_at: next === null ? null : new Date(next).toISOString(),
    attempts,
  };
  return c.json({ data }, status, headers);
}
