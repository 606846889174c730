import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { moveRunsOn } from "../../src/progress/consumer.ts";
import { replacing } from "../support/bindings.ts";

it("bad settings bury no run: the gates send again, and a name that a pointer alone may know goes round", async () => {
  const body = { v: 1, gate: "0".repeat(64), key: crypto.randomUUID(), pushed: false, runId: null };
  const named = { ...body, pushed: true, runId: crypto.randomUUID(), accepted: true };
  const messages = [body, named].map((of, at) => {
    return { id: `m${at}`, timestamp: new Date(), attempts: 5, body: of };
  });
  const sent: unknown[] = [];
  const queue = replacing("RUNS.send", ({ args }) => Promise.resolve(sent.push(args)));
  const misconfigured = { ...env, ...queue(env), JWT_ISSUERS: "nonsense" } as Env;
  const batch = createMessageBatch("edge-actions-runs", messages);
  const context = createExecutionContext();
  await moveRunsOn(batch, misconfigured, context);
  expect(await getQueueResult(batch, context)).toMatchObject({
    explicitAcks: ["m0", "m1"],
    retryMessages: [],
  });
  expect(sent).toEqual([[named, { delaySeconds: 60 }]]);
});
