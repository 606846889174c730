// CPU that processes have used, by the kernel's own account: user and system time, all their threads.
import { readFileSync } from "node:fs";

/** The kernel's unit in /proc, the same on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;
const UTIME = 11;
const STIME = 12;

export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + readTicks(pid), 0) / TICKS_A_SECOND;
}

function readTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in brackets may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[UTIME]) + Number(fields[STIME]);
}
