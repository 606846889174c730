// npm run conformance -- --url https://… --token …: the wire contract as questions to any deployment that claims to speak
// it. Black box: plain requests, and a receiver for callbacks where the deployment can reach one. Prints one line for
// each clause and exits with 1 when one is breached, with 2 when it could not ask.
import type { Result } from "./clause.ts";
import { sectionOf } from "./clause.ts";
import { CLAUSES } from "./clauses/all.ts";
import { type Options, parseOptions, USAGE, UsageError } from "./options.ts";
import { Receiver } from "./receiver.ts";
import { heading, line, summarize, summaryLine } from "./report.ts";
import { runClauses } from "./run.ts";
import { World } from "./world.ts";

async function main(): Promise<number> {
  const options = await withSandboxTokens(parseOptions(process.argv.slice(2)));
  const receiver =
    options.receive === null
      ? null
      : await Receiver.listen(options.receive.host, options.receive.port, options.receiverUrl);
  try {
    const world = new World(options, receiver);
    await expectAnybodyThere(world);
    return await ask(world);
  } finally {
    receiver?.close();
  }
}

async function withSandboxTokens(options: Options): Promise<Options> {
  if (!options.sandbox) return options;
  const { sandboxTokens } = await import("./sandbox-tokens.ts");
  return { ...options, tokens: { ...(await sandboxTokens()), ...options.tokens } };
}

async function expectAnybodyThere({ http, options }: World): Promise<void> {
  try {
    await http.call("/healthz");
  } catch (error) {
    throw new UsageError(`nobody answers at ${options.url}`, { cause: error });
  }
}

async function ask(world: World): Promise<number> {
  const { json, only, url } = world.options;
  const print = json ? () => undefined : (text: string) => console.log(text);
  const clauses = CLAUSES.filter((clause) => only.length === 0 || only.includes(sectionOf(clause)));
  const results: Result[] = [];
  print(`${clauses.length} clauses, asked of ${url}`);
  for await (const result of runClauses(clauses, world)) {
    if (results.at(-1)?.section !== result.section) print(heading(result.section));
    print(line(result));
    results.push(result);
  }
  const summary = summarize(results);
  if (json) console.log(JSON.stringify({ url, summary, clauses: results }, null, 2));
  print(summaryLine(summary));
  return summary.breaches > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}
