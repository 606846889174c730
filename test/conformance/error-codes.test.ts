// Each public error is wherever a client learns of it: in the clauses, on the page and in the contract.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CODES } from "../../conformance/clauses/errors.ts";
import { openapiDocument } from "../../src/contract/openapi.ts";
import { PROBLEMS } from "../../src/platform/errors.ts";

const ROWS = findAll(readFileSync("docs/errors.md", "utf8"), /^\| (\d+) `(\w+)` \|/gm);
const EXAMPLES = findAll(
  JSON.stringify(
    (["callers", "operators"] as const).map((audience) => openapiDocument("https://edge.example", audience)),
  ),
  /\{"status":(\d+),"code":"(\w+)",/g,
);

/** Of methods that are no operations, and of the upstream where requests pass through. */
const OUTSIDE_OPERATIONS = ["method_not_allowed", "precondition_failed", "precondition_required"];

const ALL = Object.entries(PROBLEMS).map(([code, { status }]) => ({ code, status }));

it("the clauses of conformance know the code of each status", () => {
  expect(ALL.map(({ code, status }) => [String(status), code])).toEqual(Object.entries(CODES));
});

describe("each error", () => {
  it.each(ALL)("$status $code is on docs/errors.md", ({ code, status }) => {
    expect(ROWS).toContain(`${status} ${code}`);
  });

  const inOperations = ALL.filter(({ code }) => !OUTSIDE_OPERATIONS.includes(code));
  it.each(inOperations)("$status $code is an example in one of our documents", ({ code, status }) => {
    expect(EXAMPLES).toContain(`${status} ${code}`);
  });
});

/** Status and code, each pair once. */
function findAll(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, status, code]) => `${status} ${code}`))];
}
