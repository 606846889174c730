// An isolate whose memory for bodies is taken, by more users than one could be.
import { isolateBudget } from "../../src/platform/memory-budget.ts";
import { times } from "./times.ts";

const ALL_BYTES = 16 * 1024 * 1024;

/** Each has half of what is left: in the end less than any body needs. Gives everything back when it is called. */
export function fillMemory(): () => void {
  const others = times(22, (n) => {
    const other = isolateBudget.enter(`other ${n}`, Date.now());
    other.take(ALL_BYTES / 2 ** (n + 1));
    return other;
  });
  return () => {
    for (const other of others) other.leave();
  };
}
