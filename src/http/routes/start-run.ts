import type { DestinationRules } from "../../callbacks/destination.ts";
import { memberOf, parseJson } from "../../platform/json.ts";
import { rateLimitIsOn } from "../../rate-limit/flag.ts";
import { rateLimitHeaders } from "../../rate-limit/headers.ts";
import type { RunTarget } from "../../runs/run-target.ts";
import { parseRunRequest } from "../../start/run-request.ts";
import type { StartAnswer } from "../../start/start-answer.ts";
import { startRun } from "../../start/start-run.ts";
import { assertedHeaders } from "../../upstream/headers.ts";
import { answerUpstreamProblem, OVERLOADED, refuse } from "../answers.ts";
import { receiveJson } from "../body.ts";
import { assertedFor, callersGate, parseTarget, startRule } from "../caller-deps.ts";
import type { AppContext } from "../context.ts";

export async function startNewRun(c: AppContext): Promise<Response> {
  const target = parseTarget(c);
  const services = c.get("services");
  const [body, limited] = await Promise.all([
    receiveJson(c.req.raw, services.settings.maxBodyBytes, c.get("reservation")),
    isLimited(c, target),
  ]);
  if (body === null) return refuse(c, "shed", OVERLOADED, {});
  const parsed = parseRunRequest(target, body, () => destinationRules(c));
  const gate = callersGate(c);
  const answer = await startRun(
    {
      gate,
      ...services,
      caller: c.get("caller"),
      queue: services.queueOfGate(gate.id),
      publicUrl: c.get("publicUrl"),
      upstreamHeaders: async () => assertedHeaders(await assertedFor(c)),
      waitUntil: (promise) => c.executionCtx.waitUntil(promise),
      stopwatch: c.get("stopwatch"),
    },
    target,
    parsed,
    limited ? startRule(c) : null,
  );
  return render(c, answer);
}

function destinationRules(c: AppContext): DestinationRules {
  const ownHosts = [c.get("publicUrl"), c.req.url].map((url) => new URL(url).host);
  return { allowPrivate: c.get("services").settings.allowPrivateCallbacks, ownHosts };
}

async function isLimited(c: AppContext, target: RunTarget): Promise<boolean> {
  if (startRule(c) === null) return false;
  const actionId = target.kind === "stored" ? target.storedActionId : null;
  return rateLimitIsOn(
    c.get("services").flags,
    c.get("services").settings.rateLimitFlagDefault,
    c.get("caller"),
    actionId,
  );
}

function render(c: AppContext, { outcome, result, view, replayed, mismatch }: StartAnswer): Response {
  const format = c.get("services").settings.rateLimitResetFormat;
  const headers = rateLimitHeaders("runs", view, format, Date.now());
  if (replayed) headers["idempotency-replayed"] = "true";
  if (mismatch) headers["idempotency-payload-mismatch"] = "true";
  c.get("notes").outcome = outcome;
  if (result.kind === "problem") return answerUpstreamProblem(c, result.problem, headers);
  c.get("notes").runId = parseRunId(result.answer.body);
  headers["content-type"] = "application/json";
  return new Response(result.answer.body, { status: result.answer.status, headers });
}

function parseRunId(body: string): string | null {
  const id = memberOf(memberOf(parseJson(body), "data"), "id");
  return typeof id === "string" ? id : null;
}
