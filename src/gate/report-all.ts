// Everything that the operators' index holds of a gate, reported again to an index that was lost and created anew.
import { toDeadLetter } from "./dead-letter.ts";
import type { DeadLetterPosition } from "./store/ended-runs.ts";
import type { GateStore } from "./store/gate-store.ts";

const PAGE = 200;

/** Puts it into the outbox. Lets others have their turn between pages. */
export async function reportAll(store: GateStore, userKey: string): Promise<void> {
  // An index that was restored from an old copy may have dead letters that are none any more.
  store.outbox.add({ kind: "expired", beforeMs: Number.MAX_SAFE_INTEGER });
  for (const day of new Set([...store.charges.days(), ...store.endedRuns.days()]))
    store.outbox.add({ kind: "active_day", userKey, day });
  let position: DeadLetterPosition | null = null;
  do {
    const page = store.endedRuns.deadLetters(position, PAGE);
    for (const deadLetter of page)
      store.outbox.add({ kind: "dead_letter", deadLetter: toDeadLetter(deadLetter) });
    position = page.at(-1) ?? null;
    await scheduler.wait(0);
  } while (position !== null);
}
