// A queue message: which run to move on, never anything of it. Losing, repeating or reordering pointers changes
// nothing but timing.
import { within } from "../deadline.ts";
import { memberOf } from "../json.ts";

export type Pointer = {
  v: 1;
  /** The gate's object id, in hexadecimal. */
  gate: string;
  /** The row's key in it. */
  key: string;
  /** Somebody says that the run has ended: worth a look before it is due. */
  pushed: boolean;
  /** The upstream's id of the run, as that somebody says; unless it is `accepted`, only believed once a read confirms it. */
  runId: string | null;
  /** That somebody is the Worker, which has the upstream's yes to `runId` and could not settle it. Never set for a completion. */
  accepted?: boolean;
};

/** Upstreams that push, callers that start and a gate's alarm wait for the queue; the timer sends again. */
const QUEUE_TIMEOUT_MS = 5_000;

const OBJECT_ID = /^[0-9a-f]{64}$/;

/** Null when it is no pointer of this version. */
export function parsePointer(body: unknown): Pointer | null {
  const [v, gate, key, pushed, runId, accepted] = ["v", "gate", "key", "pushed", "runId", "accepted"].map(
    (name) => memberOf(body, name),
  );
  if (
    v !== 1 ||
    typeof gate !== "string" ||
    !OBJECT_ID.test(gate) ||
    typeof key !== "string" ||
    typeof pushed !== "boolean"
  )
    return null;
  const named = typeof runId === "string" ? runId : null;
  return { v, gate, key, pushed, runId: named, accepted: accepted === true };
}

export function sendPointer(queue: Queue, pointer: Pointer): Promise<void> {
  return sendMessage(queue, pointer);
}

/** Throws when the queue fails or hangs; a message of one that hangs may still come. */
export async function sendMessage(queue: Queue, message: object, options?: QueueSendOptions): Promise<void> {
  await within(QUEUE_TIMEOUT_MS, queue.send(message, options));
}

/** The same for up to a hundred. */
export async function sendPointers(queue: Queue, pointers: readonly Pointer[]): Promise<void> {
  await within(QUEUE_TIMEOUT_MS, queue.sendBatch(pointers.map((body) => ({ body }))));
}
