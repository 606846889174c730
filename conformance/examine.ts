// One examination of one deployment: who is asked, with which tokens, and clause after clause what came of it.
import type { Clause, Result } from "./clause.ts";
import { CLAUSES } from "./clauses/all.ts";
import { type Options, UsageError } from "./options.ts";
import { Receiver } from "./receiver.ts";
import { runClauses } from "./run.ts";
import { World } from "./world.ts";

/** The clauses of the sections asked for, in the contract's order; all of them when none is named. */
export function selectClauses({ only }: Pick<Options, "only">): Clause[] {
  return CLAUSES.filter((clause) => only.length === 0 || only.includes(clause.section));
}

/** Gives each result as soon as it is known. Throws a UsageError when there is no answer from the deployment's URL. */
export async function* examine(asked: Options): AsyncGenerator<Result> {
  const options = await withSandboxTokens(asked);
  const { receive, given } = options;
  const receiver = receive && (await Receiver.listen(receive.host, receive.port, given["receiver-url"]));
  try {
    const world = new World(options, receiver);
    await expectAnybodyThere(world);
    yield* runClauses(selectClauses(options), world);
  } finally {
    receiver?.close();
  }
}

async function withSandboxTokens(options: Options): Promise<Options> {
  if (!options.sandbox) return options;
  const { sandboxTokens } = await import("./sandbox-tokens.ts");
  return { ...options, given: { ...(await sandboxTokens()), ...options.given } };
}

async function expectAnybodyThere({ http, options }: World): Promise<void> {
  try {
    await http.call("/healthz");
  } catch (error) {
    throw new UsageError(`no answer from ${options.url}`, { cause: error });
  }
}
