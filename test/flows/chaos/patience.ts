const FIRST_PAUSE_MS = 300;
const MAX_PAUSE_MS = 5_000;

/** Between attempts at a host that may be down: longer and longer, so that one that comes back is not run over. */
export function pauseMs(attempts: number): number {
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 1.6 ** attempts);
}
