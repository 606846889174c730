import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { moveRunsOn } from "../../src/consumer/consumer.ts";
import { runMessage } from "../../src/gate/run-message.ts";
import { replacing } from "../support/bindings.ts";

it("bad settings abandon no run: the gates send again, and what a message alone may know goes round", async () => {
  const gate = "0".repeat(64);
  const runKey = crypto.randomUUID();
  const plain = runMessage(gate, runKey);
  const hinted = runMessage(gate, runKey, { notified: true, hintedRunId: crypto.randomUUID() });
  const messages = [plain, hinted].map((body, at) => {
    return { id: `m${at}`, timestamp: new Date(), attempts: 5, body: body };
  });
  const sent: unknown[] = [];
  const queue = replacing("RUNS.send", ({ args }) => Promise.resolve(sent.push(args)));
  const misconfigured = { ...env, ...queue(env), JWT_ISSUERS: "nonsense" } as Env;
  for (const name of ["edge-actions-runs", "edge-actions-runs-dead"]) {
    const batch = createMessageBatch(name, messages);
    const context = createExecutionContext();
    await moveRunsOn(batch, misconfigured, context);
    expect(await getQueueResult(batch, context)).toMatchObject({
      explicitAcks: ["m0", "m1"],
      retryMessages: [],
    });
  }
  const round = [hinted, { delaySeconds: 60 }];
  expect(sent).toEqual([round, round]);
});
