// Closed loop with Debian's wrk: as fast as the contender answers.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { watch } from "./children.ts";
import { freshIdPrefix } from "./requests.ts";

const SCRIPT = fileURLToPath(new URL("wrk.lua", import.meta.url));

export type ClosedLoop = {
  port: number;
  planFile: string;
  expectedStatus: number;
  connections: number;
  seconds: number;
};

export type LoopResult = { requests: number; seconds: number; p50Ms: number; p99Ms: number };

/** Throws when a single answer was not what it should be. */
export async function closedLoop(loop: ClosedLoop): Promise<LoopResult> {
  const { port, planFile, expectedStatus, connections, seconds } = loop;
  const own = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", SCRIPT, `http://127.0.0.1:${port}/`];
  const scripts = ["--", planFile, String(expectedStatus), freshIdPrefix()];
  const wrk = spawn("wrk", [...own, ...scripts], { stdio: ["ignore", "pipe", "inherit"] });
  watch(wrk);
  const [printed] = await Promise.all([text(wrk.stdout), once(wrk, "exit")]);
  const line = /^RESULT (.*)$/m.exec(printed)?.[1];
  if (line === undefined) throw new Error(`wrk said nothing that can be read:\n${printed}`);
  const result: LoopResult & { unexpected: number; unexpectedStatus: number; broken: number } =
    JSON.parse(line);
  if (result.unexpected > 0)
    throw new Error(
      `${result.unexpected} of ${result.requests} answers were not ${expectedStatus} (one was ${result.unexpectedStatus})`,
    );
  if (result.broken > 0 || result.requests === 0)
    throw new Error(`${result.broken} connections broke, ${result.requests} requests were answered`);
  return result;
}
