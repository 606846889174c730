// Beyond what an isolate can carry, a request is refused at once, so that those within it are served as ever.
import type { Next } from "hono";
import { answerProblem, OVERLOADED } from "../answers.ts";
import type { AppContext } from "../context.ts";

export async function shed(c: AppContext, next: Next): Promise<Response | undefined> {
  const { memory, settings } = c.get("services");
  if (memory.isFull(Date.now(), settings.maxInFlight)) {
    c.get("notes").outcome = "shed";
    return answerProblem(c, OVERLOADED);
  }
  const reservation = memory.enter(Date.now());
  c.set("reservation", reservation);
  const served = next().finally(() => reservation.leave());
  // Its caller may hang up: the count has to hear of it all the same.
  c.executionCtx.waitUntil(served);
  await served;
  return undefined;
}
