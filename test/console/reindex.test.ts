// D1 was lost and made anew: the gates report everything to it again, when an operator has them do so, and by themselves.
import { env } from "cloudflare:workers";
import { describe, expect } from "vitest";
import {
  charge,
  dieUndelivered,
  freshStores,
  gateOf,
  loseIndex,
  pass,
  readRows,
  ring,
  stubOf,
  userKey,
} from "../operators/bench.ts";
import { failing } from "../support/bindings.ts";
import { HOUR } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { it, makeGateway } from "../support/gateway.ts";
import { makeIndex } from "../support/operators-index.ts";
import { times } from "../support/times.ts";
import { post } from "./bench.ts";

freshStores();

const DAY = 24 * HOUR;
const ACTIVE = "SELECT month, user_key, days FROM active_days ORDER BY user_key";
const DEAD_LETTERS =
  "SELECT run_id, user_key, issuer, subject, host, result, attempts, status, reason FROM dead_letters";

/** On two days runs of alice ended, one of them undelivered. Says what the index has of it. */
async function twoDays(): Promise<{ active: unknown[]; deadLetters: unknown[] }> {
  const runId = await dieUndelivered("alice");
  await pass("alice", DAY);
  await charge("alice");
  await pass("alice", 2 * HOUR);
  const user = await userKey("alice");
  const deadLetter = {
    run_id: runId,
    user_key: user,
    issuer: "https://login.example",
    subject: "alice",
    host: "client.example",
    result: "success",
    attempts: 1,
    status: 503,
    reason: "status is no 2xx",
  };
  return { active: [{ month: 204001, user_key: user, days: 0b11 }], deadLetters: [deadLetter] };
}

async function remakeIndex(): Promise<void> {
  await loseIndex();
  await makeIndex();
}

async function indexedRows(): Promise<{ active: unknown[]; deadLetters: unknown[] }> {
  return { active: await readRows(ACTIVE), deadLetters: await readRows(DEAD_LETTERS) };
}

describe("an index that was made anew", () => {
  it("has everything again after a reindexing, which says how many gates had to report to it", async ({
    gateway,
  }) => {
    const all = await twoDays();
    expect(await indexedRows()).toEqual(all);
    await remakeIndex();
    expect(await indexedRows()).toEqual({ active: [], deadLetters: [] });
    const { status, body } = await post(gateway, "/reindex");
    expect([status, body]).toEqual([200, { gates: 1, reindexed: 1, unreachable: 0, next_cursor: null }]);
    expect(await indexedRows()).toEqual(all);
    expect((await post(gateway, "/reindex")).body).toMatchObject({ gates: 1, reindexed: 0 });
  });

  it("has it by itself within a week, although no request comes", async () => {
    const all = await twoDays();
    await remakeIndex();
    await evict(await stubOf("alice"));
    await pass("alice", 7 * DAY);
    expect(await indexedRows()).toEqual(all);
  });

  it("has it too when the lost one could not say which one it was", async () => {
    await env.OPERATORS_DB.prepare("DROP TABLE epoch").run();
    const runId = await dieUndelivered("alice");
    await pass("alice", 2 * HOUR);
    await remakeIndex();
    await pass("alice", 2 * HOUR);
    expect(await readRows("SELECT run_id FROM dead_letters")).toEqual([{ run_id: runId }]);
  });

  it("gets more than a call reports at once from the alarm", async () => {
    for (const _ of times(120, () => 0)) await dieUndelivered("alice");
    await pass("alice", 2 * HOUR);
    await remakeIndex();
    await (await gateOf("alice")).reindex();
    await pass("alice", 10_000);
    expect(await readRows("SELECT count(*) AS dead_letters FROM dead_letters")).toEqual([
      { dead_letters: 120 },
    ]);
  });

  it("hears at once from a gate that had not asked the lost one for an hour", async ({ gateway }) => {
    const all = await twoDays();
    await loseIndex();
    await charge("alice");
    await pass("alice", 8 * HOUR);
    await makeIndex();
    expect((await post(gateway, "/reindex")).body.reindexed).toBe(1);
    expect(await indexedRows()).toEqual(all);
  });
});

describe("a reindexing", () => {
  it("goes over all gates, forty a request, and each request is in the audit trail", async ({ gateway }) => {
    for (const n of times(42, (at) => at)) {
      await charge(`user-${n}`);
      await ring(`user-${n}`);
    }
    await remakeIndex();
    const first = await post(gateway, "/reindex");
    expect(first.body).toMatchObject({ gates: 40, reindexed: 40, unreachable: 0 });
    const second = await post(gateway, `/reindex?cursor=${first.body.next_cursor}`);
    expect(second.body).toEqual({ gates: 2, reindexed: 2, unreachable: 0, next_cursor: null });
    expect(await readRows("SELECT operator, action, target, detail, outcome FROM audit")).toEqual(
      expect.arrayContaining(
        ["40 gates: 40 reindexed, 0 unreachable", "2 gates: 2 reindexed, 0 unreachable"].map((detail) => {
          return { operator: "olga", action: "reindex", target: null, detail, outcome: "done" };
        }),
      ),
    );
  });

  it("counts a gate that does not answer, and goes on", async () => {
    for (const subject of ["alice", "bob"]) {
      await charge(subject);
      await pass(subject, 2_000);
    }
    const down = await makeGateway({}, failing(/^USER_GATE\.reindex/));
    expect((await post(down, "/reindex")).body).toEqual({
      gates: 2,
      reindexed: 0,
      unreachable: 2,
      next_cursor: null,
    });
  });

  it("is 503 while there is no index to write into, and a bad cursor is named", async ({ gateway }) => {
    const bad = await post(gateway, "/reindex?cursor=x");
    expect([bad.status, bad.body.errors[0].source]).toEqual([400, { parameter: "cursor" }]);
    await loseIndex();
    expect((await post(gateway, "/reindex")).status).toBe(503);
  });
});
