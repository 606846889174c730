// Beyond what an isolate can carry, and beyond its caller's share of that, a request is refused at once, so that those
// within it are served as ever.
import type { Next } from "hono";
import type { Reservation } from "../../platform/memory-budget.ts";
import { OVERLOADED, refuse } from "../answers.ts";
import type { AppContext } from "../context.ts";

/** `owner`: who has a share. What is behind it has the reservation. */
export function shed(owner: (c: AppContext) => string) {
  return (c: AppContext, next: Next): Promise<Response | undefined> => admit(c, next, owner(c));
}

function admit(c: AppContext, next: Next, owner: string): Promise<Response | undefined> {
  return inPlace(c, owner, async (reservation) => {
    c.set("reservation", reservation);
    await next();
    return undefined;
  });
}

/** Does the work in a place of the owner's; without one it is refused. */
export async function inPlace<T extends Response | undefined>(
  c: AppContext,
  owner: string,
  work: (reservation: Reservation) => Promise<T>,
): Promise<T | Response> {
  const { memory, settings } = c.get("services");
  const reservation = memory.tryEnter(owner, Date.now(), settings.maxInFlight);
  if (reservation === null) return refuse(c, "shed", OVERLOADED, {});
  const done = work(reservation).finally(() => reservation.leave());
  // Its caller may hang up: the count has to hear of it all the same.
  c.executionCtx.waitUntil(done);
  return done;
}
