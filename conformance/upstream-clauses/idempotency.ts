import { expect } from "../expect.ts";
import type { UpstreamWorld } from "../upstream-world.ts";
import { defineUpstreamClauses, type UpstreamClause } from "./clause.ts";
import { acceptedRun, ended } from "./run.ts";

const STARTS_AT_ONCE = 5;
const TWO_RUNS =
  "A start that is repeated after a lost answer runs twice: the caller's action happens twice.";

const clause = defineUpstreamClauses("idempotency");

export const IDEMPOTENCY: readonly UpstreamClause[] = [
  clause(
    "must",
    "repeated: a second start with one idempotency_id gets the first one's run, and no 409",
    TWO_RUNS,
    async (world) => expectOneRun(world, {}, {}),
  ),
  clause(
    "must",
    "at-once: so do starts with one id at the same moment",
    TWO_RUNS,
    async ({ user, action }) => {
      const id = crypto.randomUUID();
      const start = () => user.start(action, { idempotency_id: id });
      const answers = await Promise.all(Array.from({ length: STARTS_AT_ONCE }, start));
      expect.same("the number of runs", new Set(answers.map(acceptedRun)).size, 1);
    },
  ),
  clause(
    "must",
    "other-payload: so does a start with the id and another payload",
    "A caller that changes a start after a time-out gets two runs, or a 400 for a run that exists.",
    async (world) => expectOneRun(world, { inputs: { number: 1 } }, { inputs: { number: 2 }, page: "0" }),
  ),
  clause("must", "after-the-end: so does a start after the run has ended", TWO_RUNS, async (world) => {
    const { user, action } = world;
    const data = { idempotency_id: crypto.randomUUID() };
    const run = acceptedRun(await user.start(action, data));
    await ended(world, action, run);
    expect.same("the run of the second start", acceptedRun(await user.start(action, data)), run);
  }),
  clause(
    "must",
    "other-id: a start with another id is another run",
    "A caller gets another start's run and result.",
    async ({ user, action }) => {
      const first = acceptedRun(await user.start(action, { inputs: { same: true } }));
      const second = acceptedRun(await user.start(action, { inputs: { same: true } }));
      expect.that(first !== second, "two ids have one run");
    },
  ),
  clause(
    "must",
    "callers-id: X-Idempotency-Id is unique for one user only: two users with one are two runs",
    "A caller gets another user's run, or no run at all.",
    async ({ user, otherUser, action }) => {
      const callersId = crypto.randomUUID();
      const first = acceptedRun(await user.start(action, {}, callersId));
      const second = acceptedRun(await otherUser.start(action, {}, callersId));
      expect.that(first !== second, "two users have one run");
    },
  ),
  clause(
    "must",
    "after-a-refusal: a refused start does not use up its id",
    "A caller that corrects a refused start and sends it again under its id is refused again.",
    async ({ user, action }) => {
      const data = { idempotency_id: crypto.randomUUID() };
      const { status } = await user.start(crypto.randomUUID(), data);
      expect.that(status >= 400 && status < 500, `the start of no action was answered ${status}`);
      acceptedRun(await user.start(action, data));
    },
  ),
];

async function expectOneRun({ user, action }: UpstreamWorld, first: object, second: object): Promise<void> {
  const id = { idempotency_id: crypto.randomUUID() };
  const run = acceptedRun(await user.start(action, { ...first, ...id }));
  const again = await user.start(action, { ...second, ...id });
  expect.same("the run of the second start", acceptedRun(again), run);
}
