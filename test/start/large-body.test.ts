// A body whose answer is known whatever else it says is not worth a parse, which costs many times what its scan does.
import { reset } from "cloudflare:test";
import { afterEach, expect, vi } from "vitest";
import { ID, it, makeGateway, RUN_PATH } from "../support/gateway.ts";

afterEach(() => reset());

const ONE_START = { RATE_LIMIT_DEFAULT: "1" };
const LARGE = `{"data":{"inputs":[${"{},".repeat(100_000)}{}]}}`;

/** Of texts as long as that. */
async function parsesDuring(work: () => Promise<unknown>): Promise<number> {
  const parse = vi.spyOn(JSON, "parse");
  await work();
  const large = parse.mock.calls.filter(([text]) => text.length > 256 * 1024).length;
  parse.mockRestore();
  return large;
}

function post(body: string) {
  return { method: "POST", body, headers: { "content-type": "application/json" } };
}

it("a large body beyond the limit is refused without a parse, as a small one is, and a small one within it is served", async () => {
  const gateway = await makeGateway(ONE_START);
  expect((await gateway.start({})).status).toBe(202);
  const small = await gateway.start({});
  const parses = await parsesDuring(async () => {
    const { status, headers, body } = await gateway.call(RUN_PATH, post(LARGE));
    expect([status, body.errors[0].detail]).toEqual([small.status, small.body.errors[0].detail]);
    for (const name of ["x-ratelimit-remaining", "x-ratelimit-reset"])
      expect(headers.get(name)).toBe(small.headers.get(name));
  });
  expect(parses).toBe(0);
  expect(gateway.upstream.starts).toHaveLength(1);
});

it("a large body within the limit is parsed and served", async () => {
  const gateway = await makeGateway(ONE_START);
  const parses = await parsesDuring(async () => {
    expect((await gateway.call(RUN_PATH, post(LARGE))).status).toBe(202);
  });
  expect(parses).toBeGreaterThan(0);
});

it("a large body whose id has an answer gets it without a parse, beyond the limit too", async () => {
  const gateway = await makeGateway(ONE_START);
  const known = LARGE.replace('{"data":{', `{"data":{"idempotency_id":"${ID}",`);
  const first = await gateway.call(RUN_PATH, post(known));
  const parses = await parsesDuring(async () => {
    for (const [body, mismatch] of [
      [known, null],
      [known.replace(ID, ID.toUpperCase()), null],
      [known.replace("{},", ""), "true"],
      [known.replace('"inputs"', '"CALLBACK_URL":"","inputs"'), "true"],
      [known.replace('{"data"', '{"DATA":1,"data"'), "true"],
    ] as const) {
      const { status, text, headers } = await gateway.call(RUN_PATH, post(body));
      expect([status, text, headers.get("x-ratelimit-remaining")]).toEqual([202, first.text, "0"]);
      expect(headers.get("idempotency-replayed")).toBe("true");
      expect(headers.get("idempotency-payload-mismatch")).toBe(mismatch);
    }
  });
  expect(parses).toBe(0);
});

it("a start over 10 MiB is a 413, however large a body may pass through", async () => {
  const gateway = await makeGateway({ MAX_BODY_BYTES: "100000000" });
  const body = '{"data":{}}'.padEnd(10 * 1024 * 1024);
  expect((await gateway.call(RUN_PATH, post(body))).status).toBe(202);
  expect((await gateway.call(RUN_PATH, post(`${body} `))).status).toBe(413);
});
