// Where the upstream says "this run has ended". It is a hint to poll and never a statement: what becomes of the run is
// read from the upstream. A holder of the reference may hurry a poll; the run's id is believed only from an upstream
// that proves itself with COMPLETION_TOKEN, so no other party can point a row at another run.
import { readBearer } from "../../auth/bearer.ts";
import { validateUuid } from "../../contract/schemas.ts";
import { type CompletionRef, parseRef } from "../../gate/completion-ref.ts";
import { runMessage, sendMessage } from "../../gate/run-message.ts";
import { problem } from "../../platform/errors.ts";
import { isObject, memberOf, parseJson } from "../../platform/json.ts";
import type { Reservation } from "../../platform/memory-budget.ts";
import { log } from "../../platform/observability/log.ts";
import { readBody } from "../../platform/outbound/read-body.ts";
import { answer, answerProblem } from "../answers.ts";
import type { AppContext } from "../context.ts";
import { inPlace } from "../middleware/shed.ts";

/** A body that is longer says nothing of the run's id; the poll goes out all the same. */
const MAX_BODY_BYTES = 256 * 1024;
const BODY_TIMEOUT_MS = 5_000;

export async function receiveCompletion(c: AppContext): Promise<Response> {
  const ref = await parseRef(c.req.param("ref") ?? "", c.get("services").settings.signingKeys);
  if (ref === null) {
    c.get("notes").outcome = "forged";
    return answerProblem(c, problem("not_found", "There is nothing at this path."));
  }
  const isProven = isFromUpstream(c);
  // A ref without more is its user's: no other sender can keep it from being heard.
  return inPlace(c, isProven ? "upstream" : ref.gate, async (reservation) => {
    const hintedRunId = isProven ? await runIdIn(c.req.raw, reservation) : null;
    c.get("notes").outcome = isProven ? "notified" : "hinted";
    return sendHint(c, ref, hintedRunId);
  });
}

async function sendHint(c: AppContext, ref: CompletionRef, hintedRunId: string | null): Promise<Response> {
  const { queueOfGate } = c.get("services");
  try {
    await sendMessage(
      queueOfGate(ref.gate),
      runMessage(ref.gate, ref.runKey, { notified: true, hintedRunId }),
    );
  } catch (error) {
    // The upstream may say it again; if it does not, the gate's alarm polls.
    log({ event: "queue.unavailable", gate: ref.gate, error });
    return answerProblem(
      c,
      problem("service_unavaiable", "Service is temporarily unavailable", { retryAfterSeconds: 1 }),
    );
  }
  return answer(c, null, 202, {});
}

function isFromUpstream(c: AppContext): boolean {
  const bearer = readBearer(c.req.raw.headers);
  const { completionTokens } = c.get("services").settings;
  return (
    bearer.kind === "token" && completionTokens.filter((token) => isSame(token, bearer.token)).length > 0
  );
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => new TextEncoder().encode(text));
  return (
    left !== undefined &&
    right !== undefined &&
    left.length === right.length &&
    crypto.subtle.timingSafeEqual(left, right)
  );
}

/** The run's own id, at the top or under `data`; null when the body says none. */
async function runIdIn(request: Request, reservation: Reservation): Promise<string | null> {
  const parsed = await readBody(request, MAX_BODY_BYTES, BODY_TIMEOUT_MS, reservation).then(
    parseJson,
    () => undefined,
  );
  const id = isObject(parsed) ? (parsed["id"] ?? memberOf(parsed["data"], "id")) : undefined;
  return typeof id === "string" && validateUuid(id) ? id.toLowerCase() : null;
}
