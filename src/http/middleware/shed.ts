// Beyond what an isolate can carry, and beyond its caller's share of that, a request is refused at once, so that those
// within it are served as ever.
import type { Next } from "hono";
import { answerProblem, OVERLOADED } from "../answers.ts";
import type { AppContext } from "../context.ts";

/** `owner`: who has a share. What is behind it has the reservation. */
export function shed(owner: (c: AppContext) => string) {
  return (c: AppContext, next: Next): Promise<Response | undefined> => admit(c, next, owner(c));
}

async function admit(c: AppContext, next: Next, owner: string): Promise<Response | undefined> {
  const { memory, settings } = c.get("services");
  const reservation = memory.tryEnter(owner, Date.now(), settings.maxInFlight);
  if (reservation === null) {
    c.get("notes").outcome = "shed";
    return answerProblem(c, OVERLOADED);
  }
  c.set("reservation", reservation);
  const served = next().finally(() => reservation.leave());
  // Its caller may hang up: the count has to hear of it all the same.
  c.executionCtx.waitUntil(served);
  await served;
  return undefined;
}
