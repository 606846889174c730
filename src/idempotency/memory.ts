// KV as the path of a start uses it: a look-up that fails is a miss, a copy that fails is the gate's to write again.
import type { Settled } from "../gate/claim.ts";
import { log } from "../observability/log.ts";
import { answerKey, recallAnswer, rememberAnswer } from "./replay.ts";

export async function recall(kv: KVNamespace, gate: string, id: string): Promise<Settled | null> {
  try {
    return await recallAnswer(kv, answerKey(gate, id), Date.now());
  } catch (error) {
    // The gate's row answers for the first hour; after that the upstream's own memory of the id does.
    log({ event: "answer.recall_failed", gate, error });
    return null;
  }
}

export async function remember(kv: KVNamespace, gate: string, id: string, known: Settled): Promise<void> {
  try {
    await rememberAnswer(kv, answerKey(gate, id), known, Date.now());
  } catch (error) {
    // The gate keeps the row, and its alarm writes the copy.
    log({ event: "answer.remember_failed", gate, error });
  }
}
