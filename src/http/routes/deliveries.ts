// A caller's view of its own run's callback: what was tried, what comes next, and sending it again.
import { problem } from "../../errors.ts";
import { findRun } from "../../ledger/repository.ts";
import { log } from "../../observability/log.ts";
import { type DeliveryView, deliveryView } from "../../runs/deliveries.ts";
import { idFault } from "../../runs/run-target.ts";
import { refuse } from "../answers.ts";
import { callersGate, targetOf } from "../caller-deps.ts";
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
  const { view, headers } = found;
  if (view.revival === null) return refuse(c, "conflict", UNDER_WAY, headers);
  const nextAttemptAtMs = view.revival.dueAtMs;
  try {
    const started = await callersGate(c).redeliver(view.intent, view.revival);
    if (!started) return refuse(c, "conflict", UNDER_WAY, headers);
    return answerView(c, { ...view, state: "retrying", nextAttemptAtMs }, 202, headers);
  } catch (error) {
    log({ event: "deliveries.unavailable", request_id: c.get("requestId"), error });
    return refuse(c, "unavailable", UNAVAILABLE, headers);
  }
}

type Found =
  | { kind: "view"; view: DeliveryView; headers: CountedRead["headers"] }
  | { kind: "problem"; answer: Response };

async function find(c: AppContext): Promise<Found> {
  const target = targetOf(c);
  const runId = (c.req.param("run_id") ?? "").toLowerCase();
  const { refusal, headers } = await countRead(c, target.kind === "stored" ? target.storedActionId : null);
  if (refusal !== null) return { kind: "problem", answer: refuse(c, "limited", refusal, headers) };
  const fault = idFault(target, runId);
  if (fault !== null) return { kind: "problem", answer: refuse(c, "malformed", fault, headers) };
  c.get("notes").runId = runId;
  try {
    const { userKey } = c.get("caller");
    const [live, booked] = await Promise.all([
      callersGate(c).findRun(runId),
      findRun(c.env.LEDGER, userKey, runId),
    ]);
    const view = deliveryView(target, live, booked, Date.now());
    if (view === null) return { kind: "problem", answer: refuse(c, "unknown", NO_CALLBACK, headers) };
    return { kind: "view", view, headers };
  } catch (error) {
    log({ event: "deliveries.unavailable", request_id: c.get("requestId"), error });
    return { kind: "problem", answer: refuse(c, "unavailable", UNAVAILABLE, headers) };
  }
}

/** Contract, Deliveries. */
function answerView(
  c: AppContext,
  view: DeliveryView,
  status: 200 | 202,
  headers: Record<string, string>,
): Response {
  c.get("notes").outcome = view.state;
  const attempts = view.attempts.map(({ number, atMs, status: answered, durationMs, error }) => {
    return { number, at: new Date(atMs).toISOString(), status: answered, duration_ms: durationMs, error };
  });
  const next = view.nextAttemptAtMs;
  const data = {
    state: view.state,
    callback_url: view.callbackUrl,
    next_attempt_at: next === null ? null : new Date(next).toISOString(),
    attempts,
  };
  return c.json({ data }, status, headers);
}
