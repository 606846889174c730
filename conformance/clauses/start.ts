import type { Clause } from "../clause.ts";
import {
  at,
  eventually,
  expectError,
  expectHeader,
  expectMatch,
  expectSame,
  expectStatus,
  expectThat,
  startedRun,
  textAt,
  toJson,
  UUID,
} from "../expect.ts";
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

export const START: readonly Clause[] = [
  {
    id: "start.accepted",
    text: '202 and {"data":{"type":"run","id":"<uuid>"}}',
    check: async ({ caller, action }) => {
      const answer = await caller.start(action, { inputs: { message: "Hello World!" }, page: "0" });
      expectStatus(answer, 202);
      expectHeader(answer, "content-type", /^application\/json\b/);
      expectSame("data.type", at(toJson(answer), "data", "type"), "run");
      expectMatch("data.id", at(toJson(answer), "data", "id"), UUID);
    },
  },
  {
    id: "start.only-data",
    text: "only data is required",
    check: async ({ caller, action }) => void startedRun(await caller.start(action, {})),
  },
  {
    id: "start.unknown-members",
    text: "unknown members of data and of inputs pass",
    check: async ({ caller, action }) => {
      const marker = crypto.randomUUID();
      const data = { inputs: { unheard_of: { of: [marker] } }, also_unheard_of: true };
      const run = startedRun(await caller.start(action, data));
      const { text } = await ended(caller, action, run);
      expectThat(text.includes(marker), `the inputs did not reach the upstream: ${text}`);
    },
  },
  {
    id: "start.one-off",
    text: "POST /actions/v1/runs starts a one-off run with the same envelope",
    check: async (world) => {
      const answer = await startOneOff(world);
      startedRun(answer);
      expectSame("data.type", at(toJson(answer), "data", "type"), "run");
    },
  },
  {
    id: "start.not-json",
    text: "what is no JSON, or no object: 400 bad_request",
    check: async ({ caller, action }) => {
      const path = `/actions/v1/stored-actions/${action}/run`;
      for (const body of ["{", "", "[]", '"data"', "null"])
        expectError(await caller.send("POST", path, body), 400, "bad_request");
    },
  },
  {
    id: "start.pointer",
    text: "a 400 names the member at fault in source.pointer",
    check: async ({ caller, action }) => {
      for (const [fault, body, pointer] of FAULTS) {
        const answer = await caller.send("POST", `/actions/v1/stored-actions/${action}/run`, body);
        const error = expectError(answer, 400, "bad_request");
        expectSame(`the pointer where ${fault}`, at(error, "source", "pointer"), pointer);
      }
    },
  },
  {
    id: "start.path-id",
    text: "a path id that is no UUID: 400",
    check: async ({ caller }) => {
      expectError(await caller.start("no-uuid", {}), 400, "bad_request");
    },
  },
  {
    id: "start.unknown-action",
    text: "an action that the upstream does not know: 404 not_found, or its own code",
    check: async (world) => {
      expectUpstreamError(world, await world.caller.start(crypto.randomUUID(), {}), 404);
    },
  },
  {
    id: "start.too-large",
    text: "a body over the cap: 413 payload_too_large; one just under it passes",
    check: async ({ caller, action, options }) => {
      const path = `/actions/v1/stored-actions/${action}/run`;
      const over = await caller.send("POST", path, buildBody(options.maxBodyBytes + 1), true);
      expectError(over, 413, "payload_too_large");
      expectStatus(await caller.send("POST", path, buildBody(options.maxBodyBytes - 1000)), 202);
    },
  },
];

export const JSON_CLAUSES: readonly Clause[] = [
  {
    id: "json.numbers",
    text: "numbers reach the upstream and come back digit for digit",
    check: async ({ caller, action }) => {
      const numbers = ["12345678901234567890", "1.10", "-0.0", "1E400", "0.1000000000000000055", "1e-7"];
      const inputs = numbers.map((number, index) => `"n${index}":${number}`).join(",");
      const text = await echoed(caller, action, `{"data":{"inputs":{${inputs}}}}`);
      for (const [index, number] of numbers.entries()) {
        const found = new RegExp(`"n${index}"\\s*:\\s*([^,}\\s]+)`).exec(text)?.[1];
        expectSame(`the number ${number}`, found, number);
      }
    },
  },
  {
    id: "json.texts",
    text: "texts reach the upstream and come back character for character",
    check: async ({ caller, action }) => {
      const message = 'ä € 𝄞 \u2028 \u0000 "\\/ </script> שלום';
      const body = JSON.stringify({ data: { inputs: { message } } });
      const text = await echoed(caller, action, body);
      expectThat(text.includes(JSON.stringify(message)) || hasText(text, message), `it came back as ${text}`);
    },
  },
  {
    id: "json.beside-a-callback",
    text: "nothing else changes where the gateway puts in its own callback_url and idempotency_id",
    check: async (world) => {
      const { caller, action } = world;
      const endpoint = world.receiver().open();
      const head = `{ "data" : {"callback_url":${JSON.stringify(endpoint.url)},`;
      const body = `${head}"idempotency_id":"${crypto.randomUUID()}","inputs":{"n":1.10,"m":12345678901234567890}}}`;
      const text = await echoed(caller, action, body);
      expectThat(/"n":\s*1\.10\b/.test(text), `1.10 came back as ${text}`);
      expectThat(/"m":\s*12345678901234567890\b/.test(text), `12345678901234567890 came back as ${text}`);
    },
  },
];

function buildBody(bytes: number): string {
  const empty = '{"data":{"inputs":{"a":""}}}';
  return empty.replace('""', `"${"x".repeat(bytes - empty.length)}"`);
}

async function echoed(caller: Caller, action: string, body: string): Promise<string> {
  const answer = await caller.send("POST", `/actions/v1/stored-actions/${action}/run`, body);
  const { text } = await ended(caller, action, startedRun(answer));
  return text;
}

function hasText(text: string, wanted: string): boolean {
  return JSON.stringify(JSON.parse(text)).includes(JSON.stringify(wanted));
}

/** The answer to a read of a run that has ended. */
export function ended(caller: Caller, action: string, run: string): Promise<Answer> {
  return eventually(ENDED_WITHIN_MS, async () => {
    const answer = await caller.read(action, run, "?wait_seconds=10");
    expectStatus(answer, 200);
    expectThat(textAt(toJson(answer), "status") !== "waiting", "the run does not end");
    return answer;
  });
}

export function startOneOff(world: World): Promise<Answer> {
  return world.caller.send("POST", "/actions/v1/runs", JSON.stringify({ data: world.oneOffData() }));
}
