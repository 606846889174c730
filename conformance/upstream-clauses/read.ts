import { at, eventually, expect, listAt, toJson } from "../expect.ts";
import { ONE_OFF_PATH, type UpstreamWorld } from "../upstream-world.ts";
import { defineUpstreamClauses, type UpstreamClause } from "./clause.ts";
import { acceptedRun, ended, endedRun, startOneOff } from "./run.ts";

const SLOW_SECONDS = 2;
/** While it waits, the gateway reads no further for the status. */
const MAX_WAITING_BYTES = 16 * 1024;
const NEVER_ENDS = "The gateway never sees an end: no callback, no charge, and callers wait in vain.";

const clause = defineUpstreamClauses("read");

export const READ: readonly UpstreamClause[] = [
  clause(
    "must",
    "at-once: a run can be read as soon as its start was answered",
    "A caller that reads at once gets a 404 for a run that exists.",
    async ({ user, action }) => {
      const run = acceptedRun(await user.start(action, {}));
      expect.status(await user.read(action, run), 200, 202);
    },
  ),
  clause(
    "must",
    "ended: 200 when the run has ended, with type, id, status, results, next_page and errors at the top",
    NEVER_ENDS,
    async (world) => {
      const { user, action } = world;
      const run = acceptedRun(await user.start(action, {}));
      const body = toJson(await ended(world, action, run));
      expect.members(body, { type: "run", status: "success" });
      expect.same("id", String(at(body, "id")).toLowerCase(), run);
      listAt(body, "results");
      expect.same("the number of errors", listAt(body, "errors").length, 0);
      expect.that(at(body, "next_page") !== undefined, "there is no next_page");
    },
  ),
  clause(
    "must",
    "one-off: GET /actions/v1/runs/{run_id} has the run in data",
    "Callers of one-off runs find nothing where the contract puts the run.",
    async (world) => {
      const run = acceptedRun(await startOneOff(world));
      const body = await eventually(world.options.patienceMs, async () => {
        const found = expect.json(await world.user.call(`${ONE_OFF_PATH}/${run}`), 200);
        expect.same("data.status", at(found, "data", "status"), "success");
        return found;
      });
      expect.same("data.id", String(at(body, "data", "id")).toLowerCase(), run);
    },
  ),
  clause(
    "must",
    'waiting: 202 (or 200) and "status":"waiting" until the run has ended, in at most 16 KiB',
    "The gateway takes a run for ended that is not: it sends a callback without a result.",
    async (world) => {
      const { action, run } = await startSlow(world);
      const answer = await world.user.read(action, run);
      expect.members(expect.json(answer, 202, 200), { status: "waiting" });
      expect.that(answer.text.length <= MAX_WAITING_BYTES, "the body is longer than 16 KiB");
    },
  ),
  clause("must", "ends: a run that waited ends in success", NEVER_ENDS, async (world) => {
    const { action, run } = await startSlow(world);
    const answer = await ended(world, action, run);
    expect.members(toJson(answer), { status: "success" });
  }),
  clause(
    "must",
    'failed: a run that failed is a 200 with "status":"error" and errors',
    "Callers take a failed run for a success, or for a fault of the gateway; a failed run is charged.",
    async (world) => {
      const body = toJson(await endedRun(world, world.given("failing-action")));
      expect.members(body, { status: "error" });
      expect.that(listAt(body, "errors").length > 0, "errors is empty");
    },
  ),
  clause(
    "should",
    "stable: a run that has ended is the same at each read, byte for byte",
    "A callback and a later read of the run differ.",
    async (world) => {
      const { user, action } = world;
      const run = acceptedRun(await user.start(action, { inputs: { message: "stable" } }));
      const first = await ended(world, action, run);
      expect.same("the body", (await user.read(action, run)).text, first.text);
    },
  ),
];

async function startSlow(world: UpstreamWorld): Promise<{ action: string; run: string }> {
  const action = world.given("slow-action");
  const run = acceptedRun(await world.user.start(action, { inputs: { seconds: SLOW_SECONDS } }));
  return { action, run };
}
