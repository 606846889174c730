// `npm run conformance:upstream`, judged from both sides: the example in Node passes whole, and of upstreams that are each
// wrong in one way every one is caught, by the clauses that are about it and by no other.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Result } from "../../conformance/clause.ts";
import { UsageError } from "../../conformance/options.ts";
import { UPSTREAM_CLAUSES } from "../../conformance/upstream-clauses/all.ts";
import { examineUpstream } from "../../conformance/upstream-examine.ts";
import { parseUpstreamOptions } from "../../conformance/upstream-options.ts";
import { toUpstreamResult, upstreamLine } from "../../conformance/upstream-report.ts";
import { createUpstream } from "../../examples/node-upstream/server.mjs";
import {
  type Answered,
  type Defect,
  DefectiveProxy,
  type Exchange,
} from "../flows/support/defective-proxy.ts";
import { freePort, listening, portOf } from "../flows/support/environment.ts";
import { type Case, DEFECTS } from "./upstream-defects.ts";

const page = readFileSync(new URL("../../docs/upstream.md", import.meta.url), "utf8");
const COMPLETION_TOKEN = "a-token-of-this-test";
const ACTIONS = ["--sandbox-actions", "--completion-token", COMPLETION_TOKEN];
/** The example refuses nothing by itself. */
const REFUSING = /-00000000(0402|0403|0429)\/run$/;

async function examined(
  { defect, options = [], completionToken = COMPLETION_TOKEN, retryMs = 20 }: Partial<Case>,
  sections: readonly string[],
): Promise<Result<string>[]> {
  const receive = await freePort();
  const gatewayUrl = `http://127.0.0.1:${receive}`;
  const upstream = await listening(createUpstream({ gatewayUrl, completionToken, retryMs }));
  const proxy = await DefectiveProxy.listen(`http://127.0.0.1:${portOf(upstream)}`, refusing(defect?.()));
  try {
    const only = sections.flatMap((section) => ["--only", section]);
    const args = ["--url", proxy.url, "--receive", String(receive), "--patience", "4", ...ACTIONS, ...only];
    const results: Result<string>[] = [];
    for await (const result of examineUpstream(parseUpstreamOptions([...args, ...options])))
      results.push(result);
    return results;
  } finally {
    proxy.close();
    upstream.close().closeAllConnections();
  }
}

/** With refusals that the defect, too, can change. */
function refusing({ request, answer }: Defect = {}): Defect {
  return {
    ...(request && { request }),
    answer: (answered, exchange) => {
      refuse(answered, exchange);
      return answer?.(answered, exchange);
    },
  };
}

function refuse(answered: Answered, { path }: Exchange): void {
  const [, end] = REFUSING.exec(path) ?? [];
  if (end === undefined || answered.status === 401) return;
  answered.status = Number(end);
  answered.headers.set("retry-after", "5");
}

function idsWith(results: readonly Result<string>[], outcome: Result["outcome"]): string[] {
  return results.filter((result) => result.outcome === outcome).map(({ id }) => id);
}

function parseSections(clauses: string): string[] {
  return [...new Set(clauses.split(" ").map((id) => id.replace(/\..*/, "")))];
}

/** Those about answers need some, and those about tokens a good one before. */
function sectionsFor({ breached }: Case): string[] {
  return [...(/^(?:answers|identity)\./.test(breached) ? ["missing"] : []), ...parseSections(breached)];
}

describe.concurrent("an upstream", () => {
  it("that keeps every clause passes them all, but the one for UPSTREAM_AUTH=caller, which is not asked", async () => {
    const results = await examined({}, []);
    expect(results.filter(({ outcome }) => outcome === "breach")).toEqual([]);
    expect(idsWith(results, "skipped")).toEqual(["identity.upstream-token"]);
    expect(results).toHaveLength(UPSTREAM_CLAUSES.length);
  });

  it.for(DEFECTS.map((each) => [each.does, each] as const))("that %s is caught", async ([, defective]) => {
    const results = await examined(defective, sectionsFor(defective));
    expect(idsWith(results, "breach")).toEqual(defective.breached.split(" "));
    for (const { outcome, detail } of results) if (outcome === "breach") expect(detail).toMatch(/\S/);
  });
});

it("each clause is one that a defect breaches", () => {
  const breached = new Set(DEFECTS.flatMap((each) => each.breached.split(" ")));
  expect([...breached].toSorted()).toEqual(UPSTREAM_CLAUSES.map(({ id }) => id).toSorted());
});

it("a breach is printed with what was seen and what follows; one of a `should` is advice", () => {
  const result = {
    id: "read.x",
    section: "read",
    text: "it ends",
    outcome: "breach",
    detail: "it waits",
  } as const;
  const lineFor = (level: "must" | "should") =>
    upstreamLine(toUpstreamResult({ level, consequence: "Callers wait." }, result));
  expect(lineFor("must")).toMatch(
    /^ {2}FAIL +read\.x +must: it ends\n +seen: it waits\n +what follows: Callers wait\.$/,
  );
  expect(lineFor("should")).toMatch(/^ {2}advice +read\.x +should: it ends\n/);
  const skipped = { ...result, outcome: "skipped", detail: "needs --slow-action" } as const;
  const line = upstreamLine(toUpstreamResult({ level: "must", consequence: "" }, skipped));
  expect(line).toMatch(/^ {2}not asked +read\.x +must: it ends — needs --slow-action$/);
});

it.each([
  { args: [], says: "--url is required" },
  { args: ["--url", "http://127.0.0.1:1"], says: "--token, --signing-keys or --receive is required" },
  { args: ["--url", "http://127.0.0.1:1", "--signing-keys", "x"], says: "--issuer is required" },
  { args: ["--url", "ftp://x", "--token", "x"], says: "--url ftp://x is no http URL" },
  {
    args: ["--url", "http://x", "--token", "x", "--only", "weather"],
    says: "--only weather: the sections are start",
  },
  { args: ["--wat"], says: "--wat" },
])("$says", ({ args, says }) => {
  const ask = () => parseUpstreamOptions(args);
  expect(ask).toThrow(UsageError);
  expect(ask).toThrow(says);
});

it("docs/upstream.md has each clause that is asked, with its level, and no other as asked", () => {
  const rows = [...page.matchAll(/^\| `([\w.-]+)` \| (\w+) \| .* \| (yes|–) \|$/gm)];
  const asked = rows.filter(([, , , isAsked]) => isAsked === "yes").map(([, id, level]) => `${id} ${level}`);
  expect(asked.toSorted()).toEqual(UPSTREAM_CLAUSES.map(({ id, level }) => `${id} ${level}`).toSorted());
  expect(new Set(rows.map(([, id]) => id)).size).toBe(rows.length);
});
