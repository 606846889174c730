import { log } from "../observability/log.ts";
import { type Pointer, sendPointers } from "../progress/pointer.ts";

const MAX_QUEUE_BATCH = 100;

/** A pointer for each of a gate's rows. False when the queue did not take all; the gate's timer sends those again. */
export async function sendKeys(
  queue: Queue,
  gate: string,
  keys: string[],
  pushed: boolean,
): Promise<boolean> {
  let isTaken = true;
  for (let at = 0; at < keys.length; at += MAX_QUEUE_BATCH) {
    const pointers = keys
      .slice(at, at + MAX_QUEUE_BATCH)
      .map((key): Pointer => ({ v: 1, gate, key, pushed, runId: null }));
    try {
      await sendPointers(queue, pointers);
    } catch (error) {
      isTaken = false;
      log({ event: "queue.unavailable", gate, error });
    }
  }
  return isTaken;
}
