import { parseWaitSeconds } from "../../contract/schemas.ts";
import { parameterFault } from "../../platform/errors.ts";
import { buildRunPath, idFault, type RunTarget } from "../../runs/run-target.ts";
import { storedActionIdOf } from "../../runs/terms.ts";
import { assertedHeaders, headersToCaller } from "../../upstream/headers.ts";
import { readRun } from "../../upstream/read-run.ts";
import { upstreamOutcome } from "../../upstream/upstream-problem.ts";
import { answer, answerUpstreamProblem, refuse } from "../answers.ts";
import { assertedFor, parseTarget, toTargetBase } from "../caller-deps.ts";
import type { AppContext } from "../context.ts";
import { parseQuery } from "../query.ts";
import { countRead } from "../read-window.ts";

export async function readStartedRun(c: AppContext): Promise<Response> {
  const target = parseTarget(c);
  const runId = c.req.param("run_id") ?? "";
  const { refusal, headers } = await countRead(c, storedActionIdOf({ target }));
  if (refusal !== null) return refuse(c, "limited", refusal, headers);
  const wait = parseWaitSeconds(parseQuery(c)["wait_seconds"] ?? null);
  const fault =
    idFault(target, runId) ?? (wait.kind === "invalid" ? parameterFault("wait_seconds", wait.detail) : null);
  if (fault !== null) return refuse(c, "malformed", fault, headers);
  c.get("notes").runId = runId.toLowerCase();
  return answerRead(c, target, runId, wait.kind === "ok" ? wait.seconds * 1000 : 0, headers);
}

async function answerRead(
  c: AppContext,
  target: RunTarget,
  runId: string,
  waitMs: number,
  headers: Record<string, string>,
): Promise<Response> {
  const request = {
    path: buildRunPath(target, runId),
    headers: { accept: "application/json", ...assertedHeaders(await assertedFor(c)) },
  };
  const { settings, upstream } = c.get("services");
  const reading = readRun(upstream, request, waitMs, settings.upstreamTimeoutMs, c.get("timer"));
  const read = await c.get("stopwatch").time("upstream", reading);
  if (read.kind === "problem") {
    c.get("notes").outcome = upstreamOutcome(read.problem);
    return answerUpstreamProblem(c, read.problem, headers);
  }
  c.get("notes").outcome = read.waiting ? "waiting" : "read";
  const passed = headersToCaller(read, toTargetBase(c, request.path));
  return answer(c, read.body, read.status, { ...passed, ...headers });
}
