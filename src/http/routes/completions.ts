// Where the upstream says "this run has ended". A push is a hint: it is checked for its MAC, turned into a pointer and
// forgotten. What it says of the run is read from the upstream, so a leaked or forged one can inject nothing.
import { problem } from "../../errors.ts";
import { log } from "../../observability/log.ts";
import { type Pointer, sendPointer } from "../../progress/pointer.ts";
import { parseRef } from "../../progress/ref.ts";
import { answerProblem } from "../answers.ts";
import { readHead } from "../body.ts";
import type { AppContext } from "../context.ts";

/** A result begins with its type and id; more than that is not looked at. */
const HINT_BYTES = 4096;

export async function receiveCompletion(c: AppContext): Promise<Response> {
  const ref = await parseRef(c.req.param("ref") ?? "", c.get("settings").signingKeys);
  if (ref === null) {
    c.get("notes").outcome = "forged";
    return answerProblem(c, problem("not_found", "There is nothing at this path."));
  }
  const runId = runIdIn(await readHead(c.req.raw, HINT_BYTES));
  const pointer: Pointer = { v: 1, ...ref, pushed: true, runId };
  c.get("notes").outcome = "pushed";
  try {
    await sendPointer(c.env.RUNS, pointer);
  } catch (error) {
    // The upstream may push again; if it does not, the gate's timer looks.
    log({ event: "queue.unavailable", gate: ref.gate, error });
    return answerProblem(
      c,
      problem("service_unavaiable", "Service is temporarily unavailable", { retryAfterSeconds: 1 }),
    );
  }
  return new Response(null, { status: 202 });
}

/** Only needed when the start was never answered; a read has to confirm it. */
function runIdIn(text: string): string | null {
  return /"id"\s*:\s*"([0-9a-fA-F-]{36})"/.exec(text)?.[1]?.toLowerCase() ?? null;
}
