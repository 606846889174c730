// npm run conformance:upstream -- --url …: docs/upstream.md as questions to an upstream, asked as the gateway asks. Prints
// one line for each clause and exits with 1 when a `must` is breached, with 2 when it could not ask.
import { UsageError } from "./options.ts";
import { examineUpstream, selectUpstreamClauses } from "./upstream-examine.ts";
import { parseUpstreamOptions, UPSTREAM_USAGE, type UpstreamOptions } from "./upstream-options.ts";
import {
  summarizeUpstream,
  toUpstreamResult,
  type UpstreamResult,
  upstreamHeading,
  upstreamLine,
  upstreamSummaryLine,
} from "./upstream-report.ts";

async function main(options: UpstreamOptions): Promise<number> {
  const { json, url } = options;
  const print = json ? () => undefined : (text: string) => console.log(text);
  const clauses = new Map(selectUpstreamClauses(options).map((clause) => [clause.id, clause]));
  const results: UpstreamResult[] = [];
  for await (const answered of examineUpstream(options)) {
    const clause = clauses.get(answered.id);
    if (clause === undefined) continue;
    const result = toUpstreamResult(clause, answered);
    if (results.length === 0) print(`${clauses.size} clauses, asked of ${url}`);
    if (results.at(-1)?.section !== result.section) print(upstreamHeading(result));
    print(upstreamLine(result));
    results.push(result);
  }
  const summary = summarizeUpstream(results);
  if (json) console.log(JSON.stringify({ url, summary, clauses: results }, null, 2));
  print(upstreamSummaryLine(summary));
  return summary.FAIL > 0 ? 1 : 0;
}

try {
  process.exitCode = await main(parseUpstreamOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${UPSTREAM_USAGE}`);
  process.exitCode = 2;
}
