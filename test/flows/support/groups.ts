// Process groups that tests have started.
import type { ChildProcess } from "node:child_process";

const running = new Set<ChildProcess>();
const BROKEN_OFF = ["SIGINT", "SIGTERM", "SIGHUP", "disconnect"] as const;
for (const event of BROKEN_OFF) {
  process.once(event, () => {
    for (const leader of running) send(leader, "SIGKILL");
    process.exit(1);
  });
}

/** A run of the tests that is broken off (Ctrl-C reaches no other process group) ends it, until it is forgotten. */
export function endWithTests(leader: ChildProcess): () => void {
  running.add(leader);
  return () => void running.delete(leader);
}

/** To all of its group. Says whether there was a process to send it to. */
export function send({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
