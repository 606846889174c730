// Everything that the operators' index holds of a gate, told again to an index that was lost and made anew.
import { toDeadLetter } from "./letter.ts";
import { isLetter } from "./runs.ts";
import type { EndedPosition } from "./store/ended-runs.ts";
import type { GateStore } from "./store/gate-store.ts";

const DAY_MS = 86_400_000;
const PAGE = 200;

/** Puts it into the outbox, the oldest first. Lets others have their turn between pages. */
export async function retell(store: GateStore, userKey: string): Promise<void> {
  const days = new Set(store.charges.countByDay(0).map(({ day }) => day));
  let position: EndedPosition | null = null;
  // An index that was restored from an old copy may have letters that are none any more.
  store.outbox.add({ kind: "expired", beforeMs: Number.MAX_SAFE_INTEGER });
  for (;;) {
    const page = store.endedRuns.page(position, PAGE);
    for (const finished of page) {
      days.add(Math.floor(finished.finishedAtMs / DAY_MS));
      if (isLetter(finished.run, finished.terms))
        store.outbox.add({ kind: "dead_letter", letter: toDeadLetter(finished) });
    }
    position = page.at(-1) ?? null;
    if (position === null) break;
    await scheduler.wait(0);
  }
  for (const day of days) store.outbox.add({ kind: "active_day", userKey, day });
}
