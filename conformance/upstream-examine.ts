// One examination of one upstream: as whom it is asked, and clause after clause what came of it.
import type { Result } from "./clause.ts";
import { UsageError } from "./options.ts";
import { Receiver } from "./receiver.ts";
import { runClauses } from "./run.ts";
import { UPSTREAM_CLAUSES } from "./upstream-clauses/all.ts";
import type { UpstreamClause, UpstreamSection } from "./upstream-clauses/clause.ts";
import { makeIdentity } from "./upstream-identity.ts";
import type { UpstreamOptions } from "./upstream-options.ts";
import { UpstreamWorld } from "./upstream-world.ts";

/** The clauses of the sections asked for; all of them when none is named. */
export function selectUpstreamClauses({ only }: Pick<UpstreamOptions, "only">): UpstreamClause[] {
  return UPSTREAM_CLAUSES.filter(({ section }) => only.length === 0 || only.includes(section));
}

/** Gives each result as soon as it is known. Throws a UsageError when there is no answer from the upstream's URL. */
export async function* examineUpstream(options: UpstreamOptions): AsyncGenerator<Result<UpstreamSection>> {
  const { receive, given } = options;
  const receiver = receive && (await Receiver.listen(receive.host, receive.port, given["receiver-url"]));
  try {
    const world = new UpstreamWorld(options, await makeIdentity(options, receiver), receiver);
    await expectAnyAnswer(world);
    yield* runClauses(selectUpstreamClauses(options), world);
  } finally {
    receiver?.close();
  }
}

/** Far longer than an answer takes that is worth asking on. */
const ANSWERED_WITHIN_MS = 30_000;

async function expectAnyAnswer({ options }: UpstreamWorld): Promise<void> {
  try {
    const response = await fetch(options.url, { signal: AbortSignal.timeout(ANSWERED_WITHIN_MS) });
    await response.body?.cancel();
  } catch (error) {
    throw new UsageError(`no answer from ${options.url}`, { cause: error });
  }
}
