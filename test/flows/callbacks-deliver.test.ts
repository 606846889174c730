// Promise 4, undisturbed: every result reaches its callback_url, as it is and with proof; promise 5 beside it.
import { beforeAll, describe, expect, it } from "vitest";
import { Caller, ECHO, toRunId } from "./support/caller.ts";
import { type GatewayProcess, startProcess, until } from "./support/process.ts";
import { provenRunId, publishedKeys } from "./support/proof.ts";
import { Receiver } from "./support/receiver.ts";
import { allCharges } from "./support/usage.ts";

const RUNS = 1000;
const USERS = 10;
const AT_ONCE = 40;
const ALL_WITHIN_MS = 120_000;
const EXEMPT = { rate_limit: { exempt: true } };
const UNLIMITED = { rateLimit: "off" } as const;

describe("a thousand runs with callbacks", () => {
  let gateway: GatewayProcess;
  let receiver: Receiver;
  beforeAll(async () => {
    // A machine that is busy with other tests is no upstream in trouble.
    gateway = await startProcess({ args: ["--var", "UPSTREAM_TIMEOUT_MS:60000"] });
    receiver = await Receiver.listen();
    return async () => {
      await gateway.close();
      receiver.close();
    };
  });

  it("each is told once, with exactly what a read gives, both proofs good, and charged once", async () => {
    const callers = await Promise.all(Array.from({ length: USERS }, (_, user) => callerNumber(user)));
    const callerOf = (run: number) => callers[run % USERS] ?? expect.fail("no such caller");
    const startedAtMs = performance.now();
    const runIds = await inParallel(RUNS, async (run) => {
      // Digits and letters that would not survive a parse and a print.
      const inputs = `{"run":${run},"n":12345678901234567890,"x":1.10,"text":"\\u00fc é \\n 💶"}`;
      const data = `{"data":{"inputs":${inputs},"callback_url":"${receiver.url(`/runs/${run}`)}"}}`;
      const path = `/actions/v1/stored-actions/${ECHO}/run`;
      return toRunId(await callerOf(run).send("POST", path, data, UNLIMITED));
    });
    const answeredAtMs = performance.now();
    await until("the last callback", ALL_WITHIN_MS, () => receiver.deliveries.length >= RUNS);
    const toldAtMs = performance.now();

    const keys = await publishedKeys(gateway.url);
    await inParallel(RUNS, async (run) => {
      const [delivery, ...more] = receiver.at(`/runs/${run}`);
      expect(more).toEqual([]);
      if (delivery === undefined) return expect.fail(`run ${run} was not told`);
      const runId = runIds[run] ?? "";
      expect(delivery.method).toBe("POST");
      expect(delivery.headers.get("content-type")).toBe("application/json");
      expect(await provenRunId(delivery, keys, gateway.url)).toBe(runId);
      const read = await callerOf(run).read(ECHO, runId);
      expect(read.status).toBe(200);
      expect(delivery.body).toEqual(Buffer.from(read.text));
    });
    expect(new Set(receiver.deliveries.map(({ headers }) => headers.get("webhook-id"))).size).toBe(RUNS);

    await Promise.all(
      callers.map(async (caller, user) => {
        const own = runIds.filter((_, run) => run % USERS === user).toSorted();
        // The callers with even numbers are those who pay.
        const expected = user % 2 === 0 ? own : [];
        const charged = async () => (await allCharges(caller)).map(({ run_id }) => run_id);
        await until("the charges", ALL_WITHIN_MS, async () => (await charged()).length >= expected.length);
        expect((await charged()).toSorted()).toEqual(expected);
      }),
    );
    expect(receiver.deliveries).toHaveLength(RUNS);
    console.log(
      `${RUNS} starts in ${seconds(answeredAtMs - startedAtMs)} s, all told after ${seconds(toldAtMs - startedAtMs)} s`,
    );
  });

  function callerNumber(user: number): Promise<Caller> {
    const billing = JSON.stringify({ is_billable: user % 2 === 0 });
    return Caller.of(gateway.url, undefined, { ...EXEMPT, billing });
  }
});

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

/** Does it for 0 … count - 1, some of them at a time. */
async function inParallel<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const hand = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
  return results;
}
