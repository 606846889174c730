import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { moveRunsOn } from "../../src/progress/consumer.ts";

it("bad settings bury no run: the messages are done with, and the gates send again", async () => {
  const body = { v: 1, gate: "0".repeat(64), key: crypto.randomUUID(), pushed: false, runId: null };
  const messages = [{ id: "m1", timestamp: new Date(), attempts: 5, body }];
  const batch = createMessageBatch("edge-actions-runs", messages);
  const context = createExecutionContext();
  const misconfigured = { ...env, JWT_ISSUERS: "nonsense" };
  await moveRunsOn(batch, misconfigured, context);
  expect(await getQueueResult(batch, context)).toMatchObject({ ackAll: true, retryMessages: [] });
});
