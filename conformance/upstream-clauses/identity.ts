import { expect } from "../expect.ts";
import { UpstreamCaller, type UpstreamWorld } from "../upstream-world.ts";
import { defineUpstreamClauses, type UpstreamClause } from "./clause.ts";
import { acceptedRun, ended } from "./run.ts";

const ANYONE = "A request past the gateway runs actions as any user, without a limit and without a charge.";

const clause = defineUpstreamClauses("identity");

export const IDENTITY: readonly UpstreamClause[] = [
  clause("must", "none: a request without a token is a 401", ANYONE, async ({ http, action }) => {
    const path = `/actions/v1/stored-actions/${action}/run`;
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ data: { idempotency_id: crypto.randomUUID() } });
    expect.status(await http.call(path, { method: "POST", headers, body }), 401);
  }),
  clause("must", "forged: so is one whose token has another signature, or none", ANYONE, async (world) => {
    const [header = "", claims = "", signature = ""] = (await world.token("user")).split(".");
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
    await expectRefused(world, `${header}.${claims}.${flip(signature)}`);
    await expectRefused(world, `${none}.${claims}.`);
  }),
  clause(
    "must",
    "expired: so is one whose token has expired",
    "A token that leaked is good for ever.",
    async (world) => expectRefused(world, await world.faultyToken({ expiresSeconds: -300 })),
  ),
  clause(
    "must",
    "audience: so is one whose token is for another audience",
    "A receiver of callbacks can run actions as the user: callbacks carry tokens that the same keys sign.",
    async (world) => expectRefused(world, await world.faultyToken({ audience: "https://client.example" })),
  ),
  clause(
    "must",
    "other-user: another user's run is a 404",
    "Users read each other's results.",
    async ({ user, otherUser, action }) => {
      const run = acceptedRun(await user.start(action, {}));
      expect.status(await otherUser.read(action, run), 404);
    },
  ),
  clause(
    "must",
    "upstream-token: with UPSTREAM_AUTH=caller, UPSTREAM_TOKEN reads any user's run",
    "The gateway finds no end of a run: no callback, no charge.",
    async (world) => {
      const reader = world.with(world.given("upstream-token"));
      const run = acceptedRun(await world.user.start(world.action, {}));
      await ended(world, world.action, run, reader);
    },
  ),
];

async function expectRefused({ http, action }: UpstreamWorld, token: string): Promise<void> {
  const answer = await new UpstreamCaller(http, async () => token).start(action, {});
  expect.status(answer, 401);
}

/** Not the last character: some of its bits may be of no byte. */
function flip(signature: string): string {
  return `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
}
