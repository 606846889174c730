// The memory of a gateway's workerd, as the kernel has it: Linux only.
import { readdirSync, readFileSync } from "node:fs";
import type { GatewayProcess } from "./process.ts";

/** Process ids. */
export function findWorkerds(gateway: GatewayProcess): string[] {
  return readdirSync("/proc").filter((name) => {
    // pid (name) state parent group …
    const [, program, group] = /^\d+ \((.*)\) \S \d+ (\d+) /.exec(readStat(name)) ?? [];
    return program === "workerd" && Number(group) === gateway.group();
  });
}

/** In bytes; `VmHWM` is the peak. */
export function readMemory(pid: string, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`there is no ${field}`);
  return Number(kibibytes) * 1024;
}

/** Empty for what is no process, or no more. */
function readStat(name: string): string {
  try {
    return /^\d+$/.test(name) ? readFileSync(`/proc/${name}/stat`, "utf8") : "";
  } catch {
    return "";
  }
}
