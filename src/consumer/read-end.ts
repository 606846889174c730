// Has a run ended, and with what? The upstream's own answer to a read, as its caller would get it, is the only witness.

import type { Reservation } from "../platform/memory-budget.ts";
import type { Trace } from "../platform/observability/trace.ts";
import { OutboundOverBudget, OutboundTooLarge, readBody } from "../platform/outbound/read-body.ts";
import type { Settings } from "../platform/settings.ts";
import type { Timer } from "../platform/timeout.ts";
import type { RunResult } from "../runs/run.ts";
import { buildRunPath } from "../runs/run-target.ts";
import type { Terms } from "../runs/terms.ts";
import type { Upstream } from "../upstream/client.ts";
import { assertedHeaders } from "../upstream/headers.ts";
import { backgroundAuthorization } from "../upstream/identity.ts";
import { type ReadAnswer, readRun } from "../upstream/read-run.ts";
import { RunScan } from "../upstream/run-scan.ts";
import type { UpstreamProblem } from "../upstream/upstream-problem.ts";

/** Why there is no end to speak of. */
export type Unread =
  | { kind: "waiting" }
  /** There is no room for its result at the moment. */
  | { kind: "crowded" }
  /** Its result is too large to be held. */
  | { kind: "large" }
  /** `unknown`: the upstream says in its own envelope that it does not know the run. */
  | { kind: "unseen"; unknown: boolean };

export type RunEnd = Unread | { kind: "ended"; result: RunResult; body: Uint8Array };

/** An isolate has 128 MB for all that it does at once. */
export const MAX_HELD_BYTES = 1024 * 1024;

/** Who asks, and until when. */
export type RunReader = {
  upstream: Upstream;
  settings: Settings;
  trace: Trace;
  untilMs: number;
  timer: Timer;
};

/** Never throws for what an upstream can do. Takes until `untilMs` at most. */
export async function readEnd(
  reader: RunReader,
  terms: Terms,
  runId: string,
  reservation: Reservation,
): Promise<RunEnd> {
  const answer = await askForRun(reader, terms, runId, 2);
  if (answer.kind === "problem") return unseenFor(answer.problem);
  if (answer.waiting) return { kind: "waiting" };
  try {
    const body = await readBody(answer, MAX_HELD_BYTES, budgetMs(reader, 1), reservation, reader.timer);
    return endIn(body);
  } catch (error) {
    if (error instanceof OutboundOverBudget) return { kind: "crowded" };
    if (error instanceof OutboundTooLarge) return { kind: "large" };
    // Broken off, or dripping.
    return { kind: "unseen", unknown: false };
  }
}

/** Reads the run as its caller would; as many reads as `shares` must fit into what is left of the time. */
export async function askForRun(
  reader: RunReader,
  terms: Terms,
  runId: string,
  shares: number,
): Promise<ReadAnswer> {
  const { upstream, settings, trace } = reader;
  const authorization = await backgroundAuthorization(settings, terms.publicUrl, terms, Date.now());
  const headers = {
    accept: "application/json",
    ...assertedHeaders({ authorization, requestId: crypto.randomUUID(), ...trace }),
  };
  const request = { path: buildRunPath(terms.target, runId), headers };
  return readRun(upstream, request, 0, budgetMs(reader, shares), reader.timer);
}

/** A 404 that is not in the upstream's own words is a proxy's, and says nothing of the run. */
export function unseenFor({ problem, envelope }: UpstreamProblem): { kind: "unseen"; unknown: boolean } {
  return { kind: "unseen", unknown: problem.code === "not_found" && envelope !== null };
}

function budgetMs({ settings, untilMs }: RunReader, shares: number): number {
  return Math.max(1, Math.min(settings.upstreamTimeoutMs, (untilMs - Date.now()) / shares));
}

/** A 200 whose `status`, at the top or under `data`, says how the run stands. Anything else is nonsense, and no end. */
function endIn(body: Uint8Array): RunEnd {
  const scan = new RunScan();
  scan.read(body);
  const status = scan.status();
  if (status === null) return { kind: "unseen", unknown: false };
  return status === "waiting" ? { kind: "waiting" } : { kind: "ended", result: status, body };
}
