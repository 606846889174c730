// A queue message: which run to move on. Losing, repeating or reordering messages changes nothing but timing; the one
// exception carries the upstream's yes to a start, because its gate was away when it came.

import { inChunks } from "../platform/chunks.ts";
import { memberOf } from "../platform/json.ts";
import { withTimeout } from "../platform/timeout.ts";
import type { Acceptance } from "./admission.ts";

export type RunMessage = {
  v: 1;
  /** The gate's object id, in hexadecimal. */
  gate: string;
  runKey: string;
  /** The run is said to have ended: worth a poll before it is due. */
  notified: boolean;
  /** The upstream's id of the run, from an upstream that proved itself, or an operator. */
  hintedRunId: string | null;
  /** The upstream's yes, which could not be settled; complete, for a gate that lost all else. */
  acceptance: Acceptance | null;
};

/** Upstreams that notify, callers that start and a gate's alarm wait for the queue; the alarm sends again. */
const QUEUE_TIMEOUT_MS = 5_000;
const MAX_QUEUE_BATCH = 100;
const OBJECT_ID = /^[0-9a-f]{64}$/;

export function runMessage(gate: string, runKey: string, rest: Partial<RunMessage> = {}): RunMessage {
  return { v: 1, gate, runKey, notified: false, hintedRunId: null, acceptance: null, ...rest };
}

/** Null when it is no run message of this version. */
export function parseRunMessage(body: unknown): RunMessage | null {
  const [v, gate, runKey, notified, hintedRunId, acceptance] = [
    "v",
    "gate",
    "runKey",
    "notified",
    "hintedRunId",
    "acceptance",
  ].map((name) => memberOf(body, name));
  if (v !== 1 || typeof gate !== "string" || !OBJECT_ID.test(gate)) return null;
  if (typeof runKey !== "string" || typeof notified !== "boolean") return null;
  return {
    v,
    gate,
    runKey,
    notified,
    hintedRunId: typeof hintedRunId === "string" ? hintedRunId : null,
    acceptance: isAcceptance(acceptance) ? acceptance : null,
  };
}

// The gateway alone writes acceptances: what says that it is one is one.
function isAcceptance(value: unknown): value is Acceptance {
  const hasNames = ["runKey", "attempt"].every((name) => typeof memberOf(value, name) === "string");
  return hasNames && memberOf(memberOf(value, "outcome"), "kind") === "accepted";
}

/** Throws when the queue fails or hangs; a message of one that hangs may still come. */
export async function sendMessage(queue: Queue, message: object, options?: QueueSendOptions): Promise<void> {
  await withTimeout(QUEUE_TIMEOUT_MS, queue.send(message, options));
}

/** The same for any number of them. What one batch meets does not hold up the others. */
export async function sendMessages(queue: Queue, messages: readonly RunMessage[]): Promise<void> {
  const batches = inChunks(messages, MAX_QUEUE_BATCH).map((chunk) => chunk.map((body) => ({ body })));
  const sent = await Promise.allSettled(
    batches.map(async (batch) => withTimeout(QUEUE_TIMEOUT_MS, queue.sendBatch(batch))),
  );
  const failed = sent.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
