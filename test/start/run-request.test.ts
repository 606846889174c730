import { afterEach, describe, expect, it, vi } from "vitest";
import type { RunTarget } from "../../src/runs/run-target.ts";
import { parseRunRequest, type ReceivedBody, scanBody } from "../../src/start/run-request.ts";

const STORED: RunTarget = { kind: "stored", storedActionId: "11111111-2222-4333-8444-555555555555" };
const ONE_OFF: RunTarget = { kind: "one_off" };
const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const RULES = () => ({ allowPrivate: false, ownHosts: ["edge.example"] });

afterEach(() => vi.restoreAllMocks());

function parse(text: string, target: RunTarget = STORED) {
  return parseRunRequest(target, scanBody({ kind: "text", text }), RULES);
}

describe("a good request", () => {
  it.each([
    ["the least there can be", '{"data":{}}', null, null],
    [
      "all that the edge reads",
      `{"data":{"inputs":{"n":1.10},"callback_url":"https://client.example/hook","idempotency_id":"${ID}","page":"0"}}`,
      ID,
      "https://client.example/hook",
    ],
    [
      "an upper-case id, read in lower case",
      '{"data":{"idempotency_id":"0B6C8D1E-8F0A-4B7E-9A55-0F6F8A7F3C11"}}',
      ID,
      null,
    ],
    [
      "members that the contract does not know",
      '{"data":{"selected_api":"SlackCLIAPI@1.0.0","x":[1]},"meta":{}}',
      null,
      null,
    ],
    ["inputs of any type", '{"data":{"inputs":null}}', null, null],
  ])("%s", (_name, text, idempotencyId, callbackUrl) => {
    for (const target of [STORED, ONE_OFF]) {
      expect(parse(text, target)).toMatchObject({
        kind: "good",
        request: { text, idempotencyId, callbackUrl },
      });
    }
  });

  it("an action's id in upper case", () => {
    const target: RunTarget = { kind: "stored", storedActionId: "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE" };
    expect(parse('{"data":{}}', target).kind).toBe("good");
  });
});

describe("a malformed request names its fault, and keeps its id if it has one", () => {
  const deep = `{"data":{"inputs":${"[".repeat(600)}${"]".repeat(600)},"idempotency_id":"${ID}"}}`;
  const withId = (members: string) => `{"data":{${members},"idempotency_id":"${ID}"}}`;
  it.each([
    ["not JSON", '{"data":{}', "", null],
    ["no data", "{}", "/data", null],
    ["data null", '{"data":null}', "/data", null],
    ["data an array", '{"data":[]}', "/data", null],
    ["data inherited", '{"__proto__":{"data":{}}}', "/data", null],
    ["page a number", withId('"page":0'), "/data/page", ID],
    ["callback_url a number", withId('"callback_url":1'), "/data/callback_url", ID],
    ["a private callback_url", withId('"callback_url":"https://127.0.0.1/hook"'), "/data/callback_url", ID],
    [
      "a callback_url at the edge itself",
      withId('"callback_url":"https://edge.example/hook"'),
      "/data/callback_url",
      ID,
    ],
    ["an id that is no UUID", '{"data":{"idempotency_id":"1"}}', "/data/idempotency_id", null],
    ["an id that is null", '{"data":{"idempotency_id":null}}', "/data/idempotency_id", null],
    ["data twice", `{"data":{"idempotency_id":"${ID}"},"data":{}}`, "/data", null],
    [
      "an id twice",
      `{"data":{"idempotency_id":"${ID}","idempotency_id":"${ID}"}}`,
      "/data/idempotency_id",
      null,
    ],
    ["nested 600 deep", deep, "", null],
    [
      "two million arrays",
      `{"data":{"idempotency_id":"${ID}","inputs":[${"[],".repeat(1_999_999)}[]]}}`,
      "",
      null,
    ],
  ])("%s", (_name, text, pointer, id) => {
    expect(parse(text)).toMatchObject({
      kind: "malformed",
      idempotencyId: id,
      text,
      problem: { code: "bad_request", source: { pointer } },
    });
  });

  it.each([
    { name: "an array", text: " \n[1]", detail: "The body must be an object" },
    { name: "six megabytes of brackets", text: "[".repeat(6_000_000), detail: "The body must be an object" },
    { name: "a string", text: '"data"', detail: "The body must be an object" },
    { name: "a number", text: "-1", detail: "The body must be an object" },
    { name: "null", text: "null", detail: "The body must be an object" },
    { name: "nothing", text: "", detail: "The body is not valid JSON." },
    { name: "blanks", text: " \r\n\t", detail: "The body is not valid JSON." },
    { name: "a form", text: "data[page]=0", detail: "The body is not valid JSON." },
    { name: "a byte-order mark", text: '\uFEFF{"data":{}}', detail: "The body is not valid JSON." },
  ])("$name, without parsing it", ({ text, detail }) => {
    const parses = vi.spyOn(JSON, "parse");
    const parsed = parse(text);
    expect(parses).not.toHaveBeenCalled();
    expect(parsed).toMatchObject({ problem: { code: "bad_request", detail, source: { pointer: "" } } });
  });

  it("an action's id that is no UUID, before what is no object", () => {
    for (const [text, idempotencyId] of [
      ["[]", null],
      [`{"data":{"idempotency_id":"${ID}"}}`, ID],
    ] as const)
      expect(parse(text, { kind: "stored", storedActionId: "42" })).toMatchObject({
        kind: "malformed",
        idempotencyId,
        problem: { code: "bad_request", source: { parameter: "stored_action_id" } },
      });
  });

  it.each<{ name: string; body: ReceivedBody; code: string; detail: string }>([
    {
      name: "a body over the bound",
      body: { kind: "too_large", maxBytes: 1000 },
      code: "payload_too_large",
      detail: "The body is larger than 1000 bytes.",
    },
    {
      name: "a body that could not be read",
      body: {
        kind: "unreadable",
        problem: { code: "bad_request", detail: "The body is not UTF-8.", source: { pointer: "" } },
      },
      code: "bad_request",
      detail: "The body is not UTF-8.",
    },
  ])("$name", ({ body, code, detail }) => {
    expect(parseRunRequest(STORED, scanBody(body), RULES)).toMatchObject({
      kind: "malformed",
      idempotencyId: null,
      problem: { code, detail },
    });
  });
});
