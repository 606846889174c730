import { memberOf, parseJson } from "../../platform/json.ts";
import { buildDestinationRules } from "../../platform/outbound/destination.ts";
import { parseRunRequest, scanBody } from "../../start/run-request.ts";
import type { StartAnswer } from "../../start/start-answer.ts";
import { answerUnparsed, startRun } from "../../start/start-run.ts";
import { assertedHeaders } from "../../upstream/headers.ts";
import { answer, answerUpstreamProblem, OVERLOADED, refuse } from "../answers.ts";
import { receiveJson } from "../body.ts";
import { assertedFor, callersGate, limitHeaders, limitOfStarts, parseTarget } from "../caller-deps.ts";
import type { AppContext } from "../context.ts";

/** A start is held several times over while it is judged, and an isolate has 128 MB. What passes through is streamed. */
const MAX_HELD_BYTES = 10 * 1024 * 1024;

export async function startNewRun(c: AppContext): Promise<Response> {
  const target = parseTarget(c);
  const services = c.get("services");
  const [body, window] = await Promise.all([
    receiveJson(
      c.req.raw,
      Math.min(services.settings.maxBodyBytes, MAX_HELD_BYTES),
      c.get("reservation"),
      c.get("timer"),
    ),
    limitOfStarts(c, target),
  ]);
  if (body === null) return refuse(c, "shed", OVERLOADED, {});
  const gate = callersGate(c);
  const scanned = scanBody(body);
  const foreseen = await answerUnparsed(gate, target, scanned, window);
  if (foreseen !== null) return render(c, foreseen);
  const parsed = parseRunRequest(target, scanned, () =>
    buildDestinationRules(services.settings, [c.get("publicUrl"), c.req.url]),
  );
  const started = await startRun(
    {
      gate,
      ...services,
      caller: c.get("caller"),
      queue: services.queueOfGate(gate.id),
      publicUrl: c.get("publicUrl"),
      upstreamHeaders: async () => assertedHeaders(await assertedFor(c)),
      waitUntil: (promise) => c.executionCtx.waitUntil(promise),
      stopwatch: c.get("stopwatch"),
      timer: c.get("timer"),
    },
    target,
    parsed,
    window,
  );
  return render(c, started);
}

function render(c: AppContext, { outcome, result, view, replayed, mismatch }: StartAnswer): Response {
  const headers = limitHeaders(c, "runs", view);
  if (replayed) headers["idempotency-replayed"] = "true";
  if (mismatch) headers["idempotency-payload-mismatch"] = "true";
  c.get("notes").outcome = outcome;
  if (result.kind === "problem") return answerUpstreamProblem(c, result.problem, headers);
  c.get("notes").runId = parseRunId(result.answer.body);
  headers["content-type"] = "application/json";
  return answer(c, result.answer.body, result.answer.status, headers);
}

function parseRunId(body: string): string | null {
  const id = memberOf(memberOf(parseJson(body), "data"), "id");
  return typeof id === "string" ? id : null;
}
