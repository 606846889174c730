// Runs with a callback, at an upstream that ends them when a test wants it.
import { expect } from "vitest";
import type { Circumstances } from "../../support/contract.ts";
import { type Caller, ECHO, toRunId } from "./caller.ts";
import type { Upstream, UpstreamRun } from "./upstream.ts";

export type Parties = { caller: Caller; upstream: Upstream };

export async function startedRun(
  { caller, upstream }: Parties,
  data: { callback_url: string; idempotency_id?: string },
  circumstances?: Circumstances,
): Promise<UpstreamRun> {
  return upstream.run(toRunId(await caller.start(ECHO, data, circumstances)));
}

/** Its end is known at the upstream, and the gateway has heard of it. */
export async function endRun(upstream: Upstream, run: UpstreamRun): Promise<void> {
  upstream.end(run);
  expect(await upstream.push(run)).toBe(202);
}

export async function endedRun(parties: Parties, callbackUrl: string): Promise<UpstreamRun> {
  const run = await startedRun(parties, { callback_url: callbackUrl });
  await endRun(parties.upstream, run);
  return run;
}
