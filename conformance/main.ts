// npm run conformance -- --url https://… --token …: the wire contract as questions to any deployment that claims to speak
// it. Black box: plain requests, and a receiver for callbacks where the deployment can reach one. Prints one line for
// each clause and exits with 1 when one is breached, with 2 when it could not ask.
import type { Result } from "./clause.ts";
import { examine, selectClauses } from "./examine.ts";
import { type Options, parseOptions, USAGE, UsageError } from "./options.ts";
import { heading, line, summarize, summaryLine } from "./report.ts";

async function main(options: Options): Promise<number> {
  const { json, url } = options;
  const print = json ? () => undefined : (text: string) => console.log(text);
  const results: Result[] = [];
  for await (const result of examine(options)) {
    if (results.length === 0) print(`${selectClauses(options).length} clauses, asked of ${url}`);
    if (results.at(-1)?.section !== result.section) print(heading(result));
    print(line(result));
    results.push(result);
  }
  const summary = summarize(results);
  if (json) console.log(JSON.stringify({ url, summary, clauses: results }, null, 2));
  print(summaryLine(summary));
  return summary.breaches > 0 ? 1 : 0;
}

try {
  process.exitCode = await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}
