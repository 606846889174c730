import { fork } from "node:child_process";
import { firstMessage } from "./children.ts";
import type { Prepared } from "./requests.ts";

export type OpenLoop = {
  port: number;
  requests: readonly Prepared[];
  expectedStatus: number;
  perSecond: number;
  connections: number;
  seconds: number;
};

export type OpenLoopResult = { latenciesMs: number[]; wrong: string | null };

/** Latencies at a fixed rate. Throws when a single answer was not what it should be. */
export async function openLoop(load: OpenLoop): Promise<number[]> {
  const client = fork(new URL("open-loop-client.ts", import.meta.url));
  client.send(load);
  const { wrong, latenciesMs } = await firstMessage<OpenLoopResult>(client);
  if (wrong !== null) throw new Error(wrong);
  return latenciesMs;
}
