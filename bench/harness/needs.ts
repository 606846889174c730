// What the bench needs that `npm ci` does not bring, looked for before anything is started.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { Failure } from "../../scripts/failure.ts";

type Program = "wrk" | "redis-server";
export type Need = Program | typeof PACKAGES;

const PACKAGES = "bench/node_modules";

/** Throws a Failure that says what is missing and how to get it. */
export function requireNeeds(needs: readonly Need[]): void {
  const missing = [...new Set(needs)].filter((need) => !isThere(need));
  if (missing.length === 0) return;
  const programs = missing.filter((need) => need !== PACKAGES);
  const other = missing.length === programs.length ? `, or \`apt-get install ${programs.join(" ")}\`` : "";
  const verb = missing.length === 1 && programs.length === 1 ? "is" : "are";
  throw new Failure(`${missing.join(", ")} ${verb} not installed: run bench/setup.sh${other}.`);
}

function isThere(need: Need): boolean {
  if (need === PACKAGES) return existsSync(new URL("../node_modules", import.meta.url));
  return spawnSync("/bin/sh", ["-c", `command -v ${need}`]).status === 0;
}
