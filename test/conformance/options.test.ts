// What `npm run conformance` refuses to ask, and how it says so. That the command prints it, with the usage and exit code
// 2: test/flows/conformance.test.ts.
import { expect, it } from "vitest";
import { parseOptions, UsageError } from "../../conformance/options.ts";

it.each([
  { args: [], says: "--url is required" },
  { args: ["--url", "http://127.0.0.1:1"], says: "--token is required" },
  { args: ["--url", "ftp://x", "--token", "x"], says: "--url ftp://x is no http URL" },
  { args: ["--sandbox", "--only", "weather"], says: "--only weather: the sections are surface, who" },
  { args: ["--sandbox", "--refusing", "402"], says: "--refusing 402 is not STATUS=ID" },
  { args: ["--sandbox", "--window", "soon"], says: "--window takes a whole number" },
  { args: ["--sandbox", "--receive", "70000"], says: "--receive 70000 is no [HOST:]PORT" },
  { args: ["--sandbox", "--one-off-data", "[]"], says: "--one-off-data is no JSON object" },
  { args: ["--wat"], says: "--wat" },
])("$says", ({ args, says }) => {
  const ask = () => parseOptions(args);
  expect(ask).toThrow(UsageError);
  expect(ask).toThrow(says);
});
