import { describe, expect, test } from "vitest";
import { parseActionChange, parseBalance, parseStart } from "../../sandbox/requests.ts";

describe("parseStart", () => {
  test("takes the inputs out of the body as they were written", () => {
    const body = '{"data":{"inputs": {"n":12345678901234567890, "x":1e400} ,"page":"3","extra":[1]}}';
    expect(parseStart(body)).toEqual({
      kind: "start",
      inputs: '{"n":12345678901234567890, "x":1e400}',
      page: "3",
      callbackUrl: null,
      idempotencyId: null,
      actionKey: null,
    });
  });

  test("missing inputs are an empty object", () => {
    expect(parseStart('{"data":{}}')).toMatchObject({ inputs: "{}" });
  });

  test("idempotency ids are compared without regard to case", () => {
    const body = '{"data":{"idempotency_id":"0B6C8D1E-8F0A-4B7E-9A55-0F6F8A7F3C11"}}';
    expect(parseStart(body)).toMatchObject({ idempotencyId: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11" });
  });

  test.each([
    ["nothing", "", null],
    ["half an object", '{"data":{', null],
    ["an array", "[]", "/data"],
    ["data that is a string", '{"data":"{}"}', "/data"],
    ["a page that is a number", '{"data":{"page":1}}', "/data/page"],
    ["a callback that is no URL", '{"data":{"callback_url":"here"}}', "/data/callback_url"],
    ["an id that is no UUID", '{"data":{"idempotency_id":"1"}}', "/data/idempotency_id"],
  ])("refuses %s", (_, body, pointer) => {
    expect(parseStart(body)).toMatchObject({ kind: "problem", code: "bad_request", pointer });
  });
});

describe("parseActionChange", () => {
  test("names only what is to change, and keeps params as text", () => {
    expect(parseActionChange('{"data":{"params":{"seconds":1.0}}}')).toEqual({
      kind: "change",
      change: { params: '{"seconds":1.0}' },
    });
  });

  test("refuses an action that is not in the table", () => {
    expect(parseActionChange('{"data":{"action":"dance"}}')).toMatchObject({ pointer: "/data/action" });
  });
});

test("parseBalance takes a whole number of tasks", () => {
  expect(parseBalance('{"data":{"tasks":3}}')).toEqual({ kind: "balance", tasks: 3 });
  for (const tasks of ["-1", "1.5", '"3"', "null", "1e400"]) {
    expect(parseBalance(`{"data":{"tasks":${tasks}}}`)).toMatchObject({ pointer: "/data/tasks" });
  }
});
