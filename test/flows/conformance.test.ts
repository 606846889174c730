// The conformance suite, judged from both sides: our gateway passes whole, and of gateways that are each wrong in one way
// every one is caught, by the clauses that are about it and by no other.
import { describe, expect, it } from "vitest";
import type { Result } from "../../conformance/clause.ts";
import { examine } from "../../conformance/examine.ts";
import { parseOptions } from "../../conformance/options.ts";
import type { Summary } from "../../conformance/report.ts";
import { ECHO } from "./support/caller.ts";
import { type Defect, DefectiveProxy } from "./support/defective-proxy.ts";
import { BEFORE_ANY_UPSTREAM, BEFORE_THE_SANDBOX, CODES_OF_ITS_OWN } from "./support/defects.ts";
import { forFile, forTest, gatewayWith, userFolder } from "./support/opened.ts";
import { type Ended, run } from "./support/run.ts";

/** Short, because a run waits for a window's end, and longer than it takes to use one up. */
const WINDOW_SECONDS = 20;
const WINDOW = ["--window", String(WINDOW_SECONDS)];

type Report = { url: string; summary: Summary; clauses: Result[] };

const { env } = await userFolder();
const gateway = await forFile(gatewayWith({ RATE_LIMIT_WINDOW_SECONDS: WINDOW_SECONDS }));

function conformance(...args: string[]): Promise<Ended> {
  return run("npm", ["run", "--silent", "conformance", "--", ...args], env);
}

async function report(url: string, ...args: string[]): Promise<Report & { code: number | null }> {
  const { code, stdout, stderr } = await conformance("--sandbox", "--json", "--url", url, ...WINDOW, ...args);
  expect(stderr).toBe("");
  const parsed: Report = JSON.parse(stdout);
  return { ...parsed, code };
}

/** The same questions without the command around them, of our gateway behind a proxy with that defect. */
async function examined(
  defect: Defect,
  sections: readonly string[],
  known: readonly string[] = ["--sandbox"],
): Promise<Result[]> {
  const proxy = await DefectiveProxy.listen(gateway.url, defect);
  try {
    const only = sections.flatMap((section) => ["--only", section]);
    const options = parseOptions([...known, "--url", proxy.url, ...WINDOW, ...only]);
    const results: Result[] = [];
    for await (const result of examine(options)) results.push(result);
    return results;
  } finally {
    proxy.close();
  }
}

/** All that is known of a deployment whose upstream is not the sandbox. */
async function withAnyUpstream(): Promise<string[]> {
  const { stdout: token } = await run("npm", ["run", "--silent", "token", "--", "--sub", "stranger"], env);
  const refusing = [402, 404, 503].flatMap((status) => [
    "--refusing",
    `${status}=${ECHO.replace(/0001$/, `0${status}`)}`,
  ]);
  return ["--token", token.trim(), "--action", ECHO, ...refusing];
}

function idsOf(clauses: readonly Result[], outcome: Result["outcome"]): string[] {
  return clauses.filter((clause) => clause.outcome === outcome).map(({ id }) => id);
}

function parseSections(clauses: string): string[] {
  return [...new Set(clauses.split(" ").map((id) => id.replace(/\..*/, "")))];
}

describe("our gateway", () => {
  it("passes whole against the sandbox, and nothing is skipped", async () => {
    const { code, clauses, summary } = await report(gateway.url);
    expect(clauses.filter(({ outcome }) => outcome !== "ok")).toEqual([]);
    expect(summary).toEqual({ ok: clauses.length, breaches: 0, skipped: 0 });
    expect(clauses.length).toBeGreaterThan(110);
    expect(new Set(clauses.map(({ id }) => id)).size).toBe(clauses.length);
    expect(code).toBe(0);
  });

  it("is asked in lines that a person reads: a heading, a line a clause, a summary", async () => {
    const { code, stdout } = await conformance("--sandbox", "--url", gateway.url, "--only", "pass");
    expect(stdout.split("\n")).toEqual([
      `5 clauses, asked of ${gateway.url}`,
      "",
      "Pass-through",
      ...["list", "uncounted", "unknown", "methods", "undamaged"].map((name): unknown =>
        expect.stringMatching(new RegExp(`^  ok      pass\\.${name} +\\S`)),
      ),
      "",
      "5 clauses: 5 ok, 0 breached, 0 skipped",
      "",
    ]);
    expect(code).toBe(0);
  });

  it("refuses private hosts where it is set to", async () => {
    const strict = await forTest(gatewayWith({ ALLOW_PRIVATE_CALLBACKS: "false" }));
    const { clauses } = await report(strict.url, "--only", "callback");
    const refusals = clauses.slice(0, 3).map(({ id, outcome, detail }) => [id, outcome, detail]);
    expect(refusals).toEqual([
      ["callback.refused-url", "ok", null],
      ["callback.own-host", "ok", null],
      ["callback.private-host", "ok", null],
    ]);
  });
});

it("with one token only it asks what can be asked, and says what the rest needs", async () => {
  const { stdout: token } = await run("npm", ["run", "--silent", "token", "--", "--sub", "solo"], env);
  const common = ["--json", "--url", gateway.url, "--token", token.trim(), "--action", ECHO, ...WINDOW];
  const { code, stdout } = await conformance(...common, "--only", "who", "--only", "billing");
  const parsed: Report = JSON.parse(stdout);
  expect(code).toBe(0);
  expect(parsed.summary.breaches).toBe(0);
  const skipped = parsed.clauses.filter(({ outcome }) => outcome === "skipped");
  expect(skipped.map(({ id, detail }) => `${id} ${detail}`)).toEqual(
    expect.arrayContaining([
      "who.expired-token needs --expired-token",
      "billing.charged needs --billable-token",
    ]),
  );
  expect(idsOf(parsed.clauses, "ok")).toContain("who.no-token");
});

it.each([
  { args: ["--wat"], says: "--wat" },
  { args: ["--sandbox", "--url", "http://127.0.0.1:1"], says: "no answer from http://127.0.0.1:1" },
])("what it cannot ask, it says with its usage, and exits with 2: $says", async ({ args, says }) => {
  const { code, stderr } = await conformance(...args);
  expect(stderr).toContain(says);
  expect(stderr).toContain("usage: npm run conformance");
  expect(code).toBe(2);
});

// Each examination has users of its own, so that all can be asked at once.
describe.concurrent("a gateway that breaks the contract is caught by the clauses that are about it", () => {
  it("nothing is caught of one whose upstream has codes of its own", async () => {
    const found = await examined(CODES_OF_ITS_OWN, ["start", "read", "errors"], await withAnyUpstream());
    expect(idsOf(found, "breach")).toEqual([]);
    expect(idsOf(found, "ok")).toEqual(
      expect.arrayContaining([
        "start.unknown-action",
        "read.unknown",
        "errors.upstream-402",
        "errors.upstream-404",
        "errors.codes",
      ]),
    );
    const caught = ["errors.upstream-402", "errors.upstream-404", "errors.codes"];
    expect(idsOf(await examined(CODES_OF_ITS_OWN, ["errors"]), "breach")).toEqual(caught);
  });

  it.for(BEFORE_ANY_UPSTREAM)("before any upstream, one that %s", async ([, breached, defect]) => {
    const found = await examined(defect, parseSections(breached), await withAnyUpstream());
    expect(idsOf(found, "breach")).toEqual(breached.split(" "));
  });

  it.for(BEFORE_THE_SANDBOX)("one that %s", async ([, breached, defect]) => {
    const found = await examined(defect, parseSections(breached));
    expect(idsOf(found, "breach")).toEqual(breached.split(" "));
    expect(idsOf(found, "skipped")).toEqual([]);
    for (const { outcome, detail } of found) if (outcome === "breach") expect(detail).toMatch(/\S/);
  });
});
