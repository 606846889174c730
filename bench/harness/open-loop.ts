import { fork } from "node:child_process";
import { once } from "node:events";
import { watch } from "./children.ts";
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
  watch(client);
  client.send(load);
  const gone = once(client, "exit").then(() => {
    throw new Error("the client of the open loop ended early");
  });
  const [message] = await Promise.race([once(client, "message"), gone]);
  const result: OpenLoopResult = message;
  if (result.wrong !== null) throw new Error(result.wrong);
  return result.latenciesMs;
}
