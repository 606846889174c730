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

type WrkResult = LoopResult & { unexpected: number; unexpectedStatus: number; broken: number; late: number };

/** Throws when a single answer was not what it should be, or took longer than two seconds. */
export async function closedLoop(loop: ClosedLoop): Promise<LoopResult> {
  const result = await run(loop);
  const { requests, late } = result;
  if (requests === 0) throw new Error("no request was answered");
  if (late > 0) throw new Error(`${late} answers of ${requests + late} took longer than two seconds`);
  return result;
}

/** A closed loop that is not measured: a process that has just started may take its time. */
export async function warmUp(loop: ClosedLoop): Promise<void> {
  await run(loop);
}

async function run({ port, planFile, expectedStatus, connections, seconds }: ClosedLoop): Promise<WrkResult> {
  const own = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", SCRIPT, `http://127.0.0.1:${port}/`];
  const scripts = ["--", planFile, String(expectedStatus), freshIdPrefix()];
  const wrk = spawn("wrk", [...own, ...scripts], { stdio: ["ignore", "pipe", "inherit"] });
  watch(wrk);
  const [printed] = await Promise.all([text(wrk.stdout), once(wrk, "exit")]);
  const line = /^RESULT (.*)$/m.exec(printed)?.[1];
  if (line === undefined) throw new Error(`wrk said nothing that can be read:\n${printed}`);
  const result: WrkResult = JSON.parse(line);
  const { requests, unexpected, unexpectedStatus, broken } = result;
  if (unexpected > 0)
    throw new Error(
      `${unexpected} of ${requests} answers were not ${expectedStatus} (one was ${unexpectedStatus})`,
    );
  if (broken > 0) throw new Error(`${broken} connections broke, ${requests} requests were answered`);
  return result;
}
