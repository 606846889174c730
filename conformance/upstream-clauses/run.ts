// What the clauses about runs have in common.
import { at, eventually, expect, textAt, toJson, UUID } from "../expect.ts";
import type { Answer } from "../http.ts";
import { ONE_OFF_PATH, type UpstreamWorld } from "../upstream-world.ts";

/** The id of the run that a start was accepted with: any 2xx that names one. */
export function acceptedRun(answer: Answer): string {
  const { status, request, text } = answer;
  expect.that(status >= 200 && status < 300, `${request} answered ${status}, not 202: ${text}`);
  const id = textAt(toJson(answer), "data", "id");
  expect.match("data.id", id, UUID);
  return id.toLowerCase();
}

/** The answer to a read of a stored action's run that has ended. */
export function ended(
  { user, options }: UpstreamWorld,
  action: string,
  run: string,
  reader = user,
): Promise<Answer> {
  return eventually(options.patienceMs, async () => {
    const answer = await reader.read(action, run);
    expect.that(at(expect.json(answer, 200), "status") !== "waiting", "the run does not end");
    return answer;
  });
}

export async function endedRun(world: UpstreamWorld, action: string): Promise<Answer> {
  return ended(world, action, acceptedRun(await world.user.start(action, {})));
}

export function startOneOff(world: UpstreamWorld): Promise<Answer> {
  return world.user.startAt(ONE_OFF_PATH, world.oneOffData());
}

/** An error in the published envelope, with that status. */
export function expectEnvelope(answer: Answer, status: number): void {
  expect.status(answer, status);
  const fault = findEnvelopeFault(answer);
  expect.that(fault === null, `the ${status} to ${answer.request} is not in the envelope: ${fault}`);
}

/** Why the gateway cannot show this error as the upstream wrote it; null when it can. */
export function findEnvelopeFault(answer: Answer): string | null {
  const error = at(parsed(answer.text), "errors", 0);
  const missing = ["code", "title", "detail"].filter((name) => typeof at(error, name) !== "string");
  return missing.length === 0 ? null : `errors/0 has no ${missing.join(", no ")}: ${answer.text}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
