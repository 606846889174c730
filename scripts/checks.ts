// Checks, each of which passes or fails as a whole: how they run, and how they are timed and counted.
import { succeeds } from "./child.ts";

export type Count = { passed: number; failed: number };
export type Check = [name: string, run: () => Count | Promise<Count>];
export type Result = Count & { failedChecks: string[] };

/** For the tools that checks start: no usage figures, no colours. */
export const TOOL_ENV = { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1", FORCE_COLOR: "0" };

/** Folders of what is no source of the project. */
export const GENERATED = [".git", ".dev", ".wrangler", "node_modules", "dist", "coverage"];

/** Every check, also after one has failed: those of a lane one after the other, the lanes side by side. */
export async function runLanes(lanes: readonly Check[][]): Promise<Result> {
  const total: Result = { passed: 0, failed: 0, failedChecks: [] };
  const runLane = async (lane: Check[]) => {
    for (const check of lane) await runTimed(check, total);
  };
  await Promise.all(lanes.map(runLane));
  return total;
}

/** A command that must end with exit code 0. */
export async function command(name: string, parameters: string[]): Promise<Count> {
  return (await succeeds(name, parameters, TOOL_ENV)) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runTimed([name, run]: Check, total: Result): Promise<void> {
  const startedAt = performance.now();
  const { passed, failed } = await run();
  total.passed += passed;
  total.failed += failed;
  if (failed > 0) total.failedChecks.push(name);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`# ${name}: ${failed > 0 ? "FAILED" : "ok"} in ${seconds} s`);
}
