// The gateway, and beside it one delivery of one large result a request, over real sockets: its handler waits for the
// whole of it, as the consumer with a batch of one does. test/flows/support/large-results.ts speaks to it.

import { deliverRun } from "../../src/callbacks/deliver-run.ts";
import { keptBodyKey } from "../../src/consumer/kept-body.ts";
import { type LargeResult, readLargeResult } from "../../src/consumer/large-result.ts";
import gateway, { DestinationBreaker, MetricsAggregator, UserGate } from "../../src/index.ts";
import { network } from "../../src/platform/outbound/guard.ts";
import { settingsOrNull } from "../../src/platform/settings.ts";
import { readRun } from "../../src/upstream/read-run.ts";

type Order = {
  upstreamUrl: string;
  callbackUrl: string;
  runId: string;
  isKept: boolean;
  blockTimeoutMs: number;
  withinMs: number;
};

const USER = "user";

export { DestinationBreaker, MetricsAggregator, UserGate };

export default {
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/large-results") return Response.json(await deliver(await request.json(), env));
    if (pathname !== "/large-results/kept") return gateway.fetch(request, env, context);
    const kept = await env.KV.get(keptBodyKey(USER, searchParams.get("run") ?? ""), "arrayBuffer");
    return Response.json(kept === null ? null : kept.byteLength);
  },
  queue: (batch, env, context) => gateway.queue(batch, env, context),
} satisfies ExportedHandler<Env>;

async function deliver(order: Order, env: Env): Promise<object> {
  const { upstreamUrl, callbackUrl, runId, isKept, blockTimeoutMs, withinMs } = order;
  const settings = settingsOrNull(env);
  if (settings === null) throw new Error("the settings are bad");
  const upstream = { sender: network, baseUrl: upstreamUrl };
  const read = await readLargeResult({
    kv: env.KV,
    userKey: USER,
    runId,
    isKept,
    isSent: true,
    ask: () => readRun(upstream, { path: "/run", headers: {} }, 0, blockTimeoutMs),
    blockTimeoutMs,
    untilMs: Date.now() + withinMs,
  });
  if (read.kind !== "ended") return { read };
  const publicUrl = settings.publicUrl ?? upstreamUrl;
  const delivered = await deliverRun(
    { settings, breakers: env.DESTINATION_BREAKER, network },
    {
      userKey: USER,
      callbackUrl,
      publicUrl,
      runId,
      traceId: "0".repeat(32),
      body: read.body,
      attemptNumber: 1,
    },
  );
  return { read: withoutBody(read), delivered };
}

function withoutBody({ result, isKept, body }: Extract<LargeResult, { kind: "ended" }>): object {
  return { kind: "ended", result, isKept, byteLength: body.byteLength };
}
