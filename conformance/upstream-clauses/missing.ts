import { expect } from "../expect.ts";
import { ONE_OFF_PATH } from "../upstream-world.ts";
import { defineUpstreamClauses, type UpstreamClause } from "./clause.ts";
import { expectEnvelope } from "./run.ts";

const clause = defineUpstreamClauses("missing");

export const MISSING: readonly UpstreamClause[] = [
  clause(
    "must",
    "run: a run that is not there is a 404 in the error envelope",
    "The gateway takes a bare 404 for a fault on the way: it polls a forgotten run for ever.",
    async ({ user, action }) => expectEnvelope(await user.read(action, crypto.randomUUID()), 404),
  ),
  clause(
    "must",
    "one-off: so is a one-off run",
    "The gateway takes a bare 404 for a fault on the way: it polls a forgotten run for ever.",
    async (world) => {
      world.oneOffData();
      expectEnvelope(await world.user.call(`${ONE_OFF_PATH}/${crypto.randomUUID()}`), 404);
    },
  ),
  clause(
    "must",
    "action: the start of an action that is not there is a 404",
    "Callers get another status than the 404 that the contract names.",
    async ({ user }) => expect.status(await user.start(crypto.randomUUID(), {}), 404),
  ),
];
