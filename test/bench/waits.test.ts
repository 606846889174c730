// How often a request waits for another part or party, one wait after the other, until its answer. In production each is a
// way to it and back, which no measurement on one machine shows (docs/performance.md, "Round trips").
import { expect, it } from "vitest";
import { tapped } from "../support/bindings.ts";
import { freshForEach } from "../support/fresh.ts";
import { ACTION, buildStart, type Call, RUN_PATH } from "../support/gateway.ts";
import { HOOK, Stage } from "../support/stage.ts";

freshForEach();

/** Every call of a binding takes so long: more than all else that a request does. */
const CALL_MS = 250;
const LIMITED = { sub: "bob", rate_limit: { limit_override: 1 } };

/** What comes after the answer is not among them. */
async function stageOfWaits() {
  const calls: string[] = [];
  const stage = await Stage.set({}, (env) =>
    tapped(env, async ({ name, perform }) => {
      calls.push(name);
      await scheduler.wait(CALL_MS);
      return perform();
    }),
  );
  const waits = async (path: string, call: Call = {}): Promise<string[]> => {
    calls.length = 0;
    const startedAtMs = performance.now();
    const { response, rest } = stage.gateway.begin(path, call);
    await (await response).text();
    const count = Math.floor((performance.now() - startedAtMs) / CALL_MS);
    const [before, behind] = [calls.slice(0, count), calls.slice(count)];
    // Were two calls made side by side, there would be more of them than waits.
    expect(behind.filter((name) => name !== "KV.put")).toEqual([]);
    await rest();
    return before;
  };
  return { stage, waits };
}

const FLAG = "FLAGS.getBooleanDetails";
const [ADMIT, FORWARD, SETTLE] = ["USER_GATE.admit", "UPSTREAM.fetch", "USER_GATE.settle"];
const COUNT_READ = "USER_GATE.countRead";

it("a start waits for the gate and the upstream, with an id once more for the gate, a replay only for the gate", async () => {
  const { waits } = await stageOfWaits();
  const id = { idempotency_id: crypto.randomUUID() };
  expect(await waits(RUN_PATH, buildStart({}))).toEqual([FLAG, ADMIT, FORWARD]);
  expect(await waits(RUN_PATH, buildStart({}))).toEqual([ADMIT, FORWARD]);
  expect(await waits(RUN_PATH, buildStart(id))).toEqual([ADMIT, FORWARD, SETTLE]);
  expect(await waits(RUN_PATH, buildStart(id))).toEqual([ADMIT]);
  expect(await waits(RUN_PATH, buildStart({ callback_url: HOOK }))).toEqual([ADMIT, FORWARD, SETTLE]);
});

it("a start beyond the limit waits for the gate alone", async () => {
  const { stage, waits } = await stageOfWaits();
  await stage.gateway.start({}, { claims: LIMITED });
  expect(await waits(RUN_PATH, { ...buildStart({}), claims: LIMITED })).toEqual([ADMIT]);
});

it("a read waits for its count and the upstream", async () => {
  const { stage, waits } = await stageOfWaits();
  const { body } = await stage.gateway.start({});
  const path = `/actions/v1/stored-actions/${ACTION}/runs/${body.data.id}`;
  expect(await waits(path)).toEqual([COUNT_READ, FORWARD]);
  expect(await waits(`${path}?wait_seconds=5`)).toEqual([COUNT_READ, FORWARD]);
});
