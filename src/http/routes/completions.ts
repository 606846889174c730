// Where the upstream says "this run has ended". It is a hint to poll and never a statement: what becomes of the run is
// read from the upstream. A holder of the reference may hurry a poll; the run's id is believed only from an upstream
// that proves itself with COMPLETION_TOKEN, so no other party can point a row at another run.
import { readBearer } from "../../auth/bearer.ts";
import { validateUuid } from "../../contract/schemas.ts";
import { type CompletionRef, parseRef } from "../../gate/completion-ref.ts";
import { runMessage, sendMessage } from "../../gate/run-message.ts";
import { problem } from "../../platform/errors.ts";
import { log } from "../../platform/observability/log.ts";
import { withTimeout } from "../../platform/timeout.ts";
import { RunScan } from "../../upstream/run-scan.ts";
import { answer, answerProblem } from "../answers.ts";
import type { AppContext } from "../context.ts";
import { inPlace } from "../middleware/shed.ts";

const BODY_TIMEOUT_MS = 10_000;
/** One coding under two names (RFC 9110, section 8.4.1.3). */
const GZIP = ["gzip", "x-gzip"];

export async function receiveCompletion(c: AppContext): Promise<Response> {
  const ref = await parseRef(c.req.param("ref") ?? "", c.get("services").settings.signingKeys);
  if (ref === null) {
    c.get("notes").outcome = "forged";
    return answerProblem(c, problem("not_found", "There is nothing at this path."));
  }
  const isProven = isFromUpstream(c);
  // A ref without more is its user's: no other sender can keep it from being heard.
  return inPlace(c, isProven ? "upstream" : ref.gate, async () => {
    const hintedRunId = isProven ? await findRunId(c.req.raw) : null;
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

/**
 * The run's own id, at the top or under `data`; null when the body says none, or does not end in time. The body may be the
 * whole result, of any size: it is scanned as it comes, and none of it is kept.
 */
async function findRunId({ headers, body }: Request): Promise<string | null> {
  const scan = new RunScan();
  const isZipped = GZIP.includes(headers.get("content-encoding")?.trim().toLowerCase() ?? "");
  const plain = isZipped ? body?.pipeThrough(new DecompressionStream("gzip")) : body;
  const reader = plain?.getReader();
  const read = async () => {
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read())
      scan.read(next.value);
  };
  try {
    await withTimeout(BODY_TIMEOUT_MS, read());
  } catch (error) {
    reader?.cancel(error).catch(() => undefined);
  }
  const id = scan.id();
  return id !== null && validateUuid(id) ? id.toLowerCase() : null;
}
