// Promise 4, undisturbed: every result reaches its callback_url, as it is and with proof; promise 5 beside it.
import { expect, it } from "vitest";
import { atOnce, Caller, ECHO, toRunId } from "./support/caller.ts";
import { forFile, gatewayWith } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { provenRunId, publishedKeys } from "./support/proof.ts";
import { Receiver } from "./support/receiver.ts";
import { allCharges } from "./support/usage.ts";

const USERS = 40;
const RUNS_EACH = 25;
const ALL_WITHIN_MS = 120_000;
const PATH = `/actions/v1/stored-actions/${ECHO}/run`;

const gateway = await forFile(gatewayWith());
const receiver = await forFile(Receiver.listen());

it("of a thousand runs each is told once, with exactly what a read gives, both proofs good, and charged once", async () => {
  const keys = await publishedKeys(gateway.url);
  await atOnce(USERS, async (user) => {
    const isBillable = user % 2 === 0;
    const claims = { rate_limit: { exempt: true }, billing: JSON.stringify({ is_billable: isBillable }) };
    const caller = await Caller.of(gateway.url, undefined, claims);
    const runIds: string[] = [];
    for (let n = 0; n < RUNS_EACH; n += 1) {
      // Digits and letters that would not survive a parse and a print.
      const inputs = `{"run":${n},"n":12345678901234567890,"x":1.10,"text":"\\u00fc é \\n 💶"}`;
      const data = `{"data":{"inputs":${inputs},"callback_url":"${receiver.urlAt(`/${user}/${n}`)}"}}`;
      runIds.push(toRunId(await caller.send("POST", PATH, data, { rateLimit: "off" })));
    }
    for (const [n, runId] of runIds.entries()) {
      const received = () => receiver.at(`/${user}/${n}`);
      await until(`the callback of run ${n}`, ALL_WITHIN_MS, () => received().length > 0);
      const [delivery = expect.fail()] = received();
      expect(delivery.method).toBe("POST");
      expect(delivery.headers.get("content-type")).toBe("application/json");
      expect(await provenRunId(delivery, keys, gateway.url)).toBe(runId);
      const read = await caller.read(ECHO, runId);
      expect(read.status).toBe(200);
      expect(delivery.body).toEqual(Buffer.from(read.text));
    }
    const charged = async () => (await allCharges(caller)).map(({ run_id }) => run_id);
    const expected = isBillable ? runIds.toSorted() : [];
    await until("the charges", ALL_WITHIN_MS, async () => (await charged()).length >= expected.length);
    expect((await charged()).toSorted()).toEqual(expected);
  });
  const ids = receiver.deliveries.map(({ headers }) => headers.get("webhook-id"));
  expect(ids).toHaveLength(USERS * RUNS_EACH);
  expect(new Set(ids).size).toBe(USERS * RUNS_EACH);
});
