import { type Clause, defineClauses } from "../clause.ts";
import { at, eventually, expect, startedRun, textAt, toJson } from "../expect.ts";
import type { Answer, Caller } from "../http.ts";
import type { World } from "../world.ts";
import { expectUpstreamError } from "./errors.ts";

const ENDED_WITHIN_MS = 30_000;

/** What a request says wrongly, and the member that is at fault. */
const FAULTS: [fault: string, body: string, pointer: string][] = [
  ["no data", "{}", "/data"],
  ["data is a text", '{"data":"x"}', "/data"],
  ["page is a number", '{"data":{"page":1}}', "/data/page"],
  ["idempotency_id is no UUID", '{"data":{"idempotency_id":"x"}}', "/data/idempotency_id"],
  ["callback_url is a number", '{"data":{"callback_url":5}}', "/data/callback_url"],
];

const clause = defineClauses("start");

export const START: readonly Clause[] = [
  clause('accepted: 202 and {"data":{"type":"run","id":"<uuid>"}}', async ({ caller, action }) => {
    const answer = await caller.start(action, { inputs: { message: "Hello World!" }, page: "0" });
    startedRun(answer);
    expect.header(answer, "content-type", /^application\/json\b/);
    expect.members(at(toJson(answer), "data"), { type: "run" });
  }),
  clause("only-data: only data is required", async ({ caller, action }) => {
    startedRun(await caller.start(action, {}));
  }),
  clause("unknown-members: unknown members of data and of inputs pass", async ({ caller, action }) => {
    const marker = crypto.randomUUID();
    const data = { inputs: { unheard_of: { of: [marker] } }, also_unheard_of: true };
    const { text } = (await endedRun(caller, action, data)).answer;
    expect.that(text.includes(marker), `the inputs did not reach the upstream: ${text}`);
  }),
  clause("one-off: POST /actions/v1/runs starts a one-off run with the same envelope", async (world) => {
    const answer = await startOneOff(world);
    startedRun(answer);
    expect.members(at(toJson(answer), "data"), { type: "run" });
  }),
  clause("not-json: what is no JSON, or no object: 400 bad_request", async ({ caller, action }) => {
    for (const body of ["{", "", "[]", '"data"', "null"])
      expect.error(await caller.startWith(action, body), 400, "bad_request");
  }),
  clause("pointer: a 400 names the member at fault in source.pointer", async ({ caller, action }) => {
    for (const [fault, body, pointer] of FAULTS) {
      const error = expect.error(await caller.startWith(action, body), 400, "bad_request");
      expect.same(`the pointer where ${fault}`, at(error, "source", "pointer"), pointer);
    }
  }),
  clause("path-id: a path id that is no UUID: 400", async ({ caller }) => {
    expect.error(await caller.start("no-uuid", {}), 400, "bad_request");
  }),
  clause("unknown-action: unknown to the upstream: 404 not_found, or its own code", async (world) => {
    expectUpstreamError(world, await world.caller.start(crypto.randomUUID(), {}), 404);
  }),
  clause("too-large: a body over the cap: 413 payload_too_large; just under it passes", async (world) => {
    const { caller, action, options } = world;
    const over = await caller.startWith(action, buildBody(options.maxBodyBytes + 1), true);
    expect.error(over, 413, "payload_too_large");
    startedRun(await caller.startWith(action, buildBody(options.maxBodyBytes - 1000)));
  }),
];

const json = defineClauses("json");

export const JSON_CLAUSES: readonly Clause[] = [
  json("numbers: numbers reach the upstream and come back digit for digit", async ({ caller, action }) => {
    const numbers = ["12345678901234567890", "1.10", "-0.0", "1E400", "0.1000000000000000055", "1e-7"];
    const inputs = numbers.map((number, index) => `"n${index}":${number}`).join(",");
    const text = await echoed(caller, action, `{"data":{"inputs":{${inputs}}}}`);
    for (const [index, number] of numbers.entries()) {
      const found = new RegExp(`"n${index}"\\s*:\\s*([^,}\\s]+)`).exec(text)?.[1];
      expect.same(`the number ${number}`, found, number);
    }
  }),
  json("texts: texts reach the upstream and return character for character", async ({ caller, action }) => {
    const message = 'ä € 𝄞 \u2028 \u0000 "\\/ </script> שלום';
    const text = await echoed(caller, action, JSON.stringify({ data: { inputs: { message } } }));
    const normalized = JSON.stringify(JSON.parse(text));
    expect.that(normalized.includes(JSON.stringify(message)), `it came back as ${text}`);
  }),
  json(
    "beside-a-callback: where the gateway puts in a URL and an id, nothing else changes",
    async (world) => {
      const { url } = world.receiver().open();
      const head = `{ "data" : {"callback_url":${JSON.stringify(url)},`;
      const body = `${head}"idempotency_id":"${crypto.randomUUID()}","inputs":{"n":1.10,"m":12345678901234567890}}}`;
      const text = await echoed(world.caller, world.action, body);
      expect.match("what came back", text, /"n":\s*1\.10\b/);
      expect.match("what came back", text, /"m":\s*12345678901234567890\b/);
    },
  ),
];

function buildBody(bytes: number): string {
  const empty = '{"data":{"inputs":{"a":""}}}';
  return empty.replace('""', `"${"x".repeat(bytes - empty.length)}"`);
}

async function echoed(caller: Caller, action: string, body: string): Promise<string> {
  const run = startedRun(await caller.startWith(action, body));
  return (await ended(caller, action, run)).text;
}

/** The answer to a read of a run that has ended. */
export function ended(caller: Caller, action: string, run: string): Promise<Answer> {
  return eventually(ENDED_WITHIN_MS, async () => {
    const answer = await caller.read(action, run, "?wait_seconds=10");
    expect.that(textAt(expect.json(answer, 200), "status") !== "waiting", "the run does not end");
    return answer;
  });
}

type EndedRun = { run: string; answer: Answer };

export async function endedRun(caller: Caller, action: string, data: object): Promise<EndedRun> {
  const run = startedRun(await caller.start(action, data));
  return { run, answer: await ended(caller, action, run) };
}

export function startOneOff(world: World, more: object = {}): Promise<Answer> {
  const data = { ...world.oneOffData(), ...more };
  return world.caller.send("POST", "/actions/v1/runs", JSON.stringify({ data }));
}
