// Has a run ended, and with what? The upstream's own answer to a read, as its caller would get it, is the only witness.
import type { Intent } from "../gate/intent.ts";
import type { RunResult } from "../gate/run.ts";
import { memberOf, parseJson } from "../json.ts";
import type { Hold } from "../load.ts";
import type { Trace } from "../observability/trace.ts";
import { OutboundNoRoom, readOrPass } from "../outbound/guard.ts";
import { readRun } from "../runs/read-run.ts";
import { runPathOf } from "../runs/run-target.ts";
import type { Settings } from "../settings.ts";
import type { Upstream } from "../upstream/client.ts";
import { assertedHeaders } from "../upstream/headers.ts";
import { backgroundAuthorization } from "../upstream/identity.ts";
import { StatusScan } from "./status-scan.ts";

export type RunEnd =
  | { kind: "waiting" }
  /** There is no room for its result at the moment. */
  | { kind: "crowded" }
  /** `unknown`: the upstream answers, and does not know the run. */
  | { kind: "unseen"; unknown: boolean }
  /** `body`: null when it is larger than anybody could be sent. */
  | { kind: "ended"; result: RunResult; body: Uint8Array | null };

/** KV keeps values of up to 25 MiB, and an isolate has 128 MB for all that it does at once. */
export const MAX_RESULT_BYTES = 24 * 1024 * 1024;

type Look = { hold: Hold; trace: Trace; untilMs: number };

/** Never throws for what an upstream can do. Takes until `untilMs` at most. */
export async function readEnd(
  upstream: Upstream,
  settings: Settings,
  intent: Intent,
  runId: string,
  { hold, trace, untilMs }: Look,
): Promise<RunEnd> {
  const authorization = await backgroundAuthorization(settings, intent.publicUrl, intent, Date.now());
  const request = {
    path: runPathOf(intent.target, runId),
    headers: {
      accept: "application/json",
      ...assertedHeaders({ authorization, requestId: crypto.randomUUID(), ...trace }),
    },
  };
  const budgetMs = (looks: number) =>
    Math.max(1, Math.min(settings.upstreamTimeoutMs, (untilMs - Date.now()) / looks));
  const answer = await readRun(upstream, request, 0, budgetMs(2));
  if (answer.kind === "problem")
    return { kind: "unseen", unknown: answer.problem.problem.code === "not_found" };
  if (answer.waiting) return { kind: "waiting" };
  try {
    const scan = new StatusScan();
    const body = await readOrPass(answer, MAX_RESULT_BYTES, budgetMs(1), hold, (chunk) => scan.read(chunk));
    return endOf(body === null ? scan.status() : statusIn(body), body);
  } catch (error) {
    if (error instanceof OutboundNoRoom) return { kind: "crowded" };
    // Broken off, or dripping.
    return { kind: "unseen", unknown: false };
  }
}

function statusIn(body: Uint8Array): unknown {
  const parsed = parseJson(body);
  return memberOf(parsed, "status") ?? memberOf(memberOf(parsed, "data"), "status");
}

/** A 200 whose `status`, at the top or under `data`, says how the run stands. Anything else is nonsense, and no end. */
function endOf(status: unknown, body: Uint8Array | null): RunEnd {
  if (status === "waiting") return { kind: "waiting" };
  return status === "success" || status === "error"
    ? { kind: "ended", result: status, body }
    : { kind: "unseen", unknown: false };
}
