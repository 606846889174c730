// Each public error is wherever a client learns of it: in the clauses, on the page and in the contract.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CODES } from "../../conformance/clauses/errors.ts";
import { openapiDocument } from "../../src/contract/openapi.ts";
import { PROBLEMS } from "../../src/platform/errors.ts";

const PAGE = readFileSync("docs/errors.md", "utf8");
const DOCUMENT = JSON.stringify(openapiDocument("https://edge.example"));

/** Of methods that are no operations. */
const OUTSIDE_OPERATIONS = ["method_not_allowed"];

const ALL = Object.entries(PROBLEMS).map(([code, { status }]) => ({ code, status }));

it("the clauses of conformance know the code of each status", () => {
  expect(ALL.map(({ code, status }) => [String(status), code])).toEqual(Object.entries(CODES));
});

describe("each error", () => {
  it.each(ALL)("$status $code is on docs/errors.md", ({ code, status }) => {
    expect(PAGE).toContain(`| ${status} \`${code}\` |`);
  });

  const inOperations = ALL.filter(({ code }) => !OUTSIDE_OPERATIONS.includes(code));
  it.each(inOperations)("$status $code is an example in /openapi.json", ({ code, status }) => {
    expect(DOCUMENT).toContain(`{"status":${status},"code":"${code}",`);
  });
});
