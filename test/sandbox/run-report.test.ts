import { describe, expect, test } from "vitest";
import { nextAttemptAtMs } from "../../sandbox/completions.ts";
import { pageOfItems, type RunState, runBody } from "../../sandbox/run-report.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

function readBody(state: RunState, wrapped = false): Promise<string> {
  return new Response(runBody({ kind: "report", id: ID, wrapped, state })).text();
}

describe("the body of a run", () => {
  test("is flat for a stored action, with the results as they were written", async () => {
    const state: RunState = {
      status: "success",
      results: { as: "text", items: '{"n":1.10}' },
      nextPage: null,
    };
    expect(await readBody(state)).toBe(
      `{"type":"run","id":"${ID}","status":"success","results":[{"n":1.10}],"next_page":null,"errors":[]}`,
    );
  });

  test("of a failed run names the partner's error", async () => {
    expect(JSON.parse(await readBody({ status: "error", detail: "No." }))).toMatchObject({
      status: "error",
      results: [],
      errors: [
        { status: 502, code: "partner", title: "Partner Error", detail: "No.", source: null, meta: {} },
      ],
    });
  });

  test.each([0, 65_536, 200_000])(
    "of a large one-off run, wrapped in data, carries exactly %i bytes",
    async (bytes) => {
      const text = await readBody(
        { status: "success", results: { as: "filler", bytes }, nextPage: null },
        true,
      );
      expect(JSON.parse(text)).toMatchObject({ data: { results: [{ content: "x".repeat(bytes) }] } });
    },
  );
});

describe("pages", () => {
  test("hold ten items each and name the next one until the end", () => {
    const [first, third, beyond] = [0, 2, 7].map((page) => pageOfItems(25, page));
    expect(first).toMatchObject({ nextPage: "1" });
    expect(third).toEqual({
      status: "success",
      results: { as: "text", items: '{"index":20},{"index":21},{"index":22},{"index":23},{"index":24}' },
      nextPage: null,
    });
    expect(beyond).toMatchObject({ results: { items: "" }, nextPage: null });
  });

  test("end with a full page when the count is a multiple of ten", () => {
    expect(pageOfItems(20, 1)).toMatchObject({ nextPage: null });
  });
});

test("completions are tried again after 1, 2, 4, 8 and 16 seconds, then given up", () => {
  const delays = [1, 2, 3, 4, 5, 6].map((failed) => nextAttemptAtMs(failed, 0));
  expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, null]);
});
