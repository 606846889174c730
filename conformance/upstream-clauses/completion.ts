import { at, expect } from "../expect.ts";
import type { Delivery } from "../receiver.ts";
import type { UpstreamWorld } from "../upstream-world.ts";
import { defineUpstreamClauses, type UpstreamClause } from "./clause.ts";
import { acceptedRun } from "./run.ts";

const clause = defineUpstreamClauses("completion");

export const COMPLETION: readonly UpstreamClause[] = [
  clause(
    "should",
    "sent: the end of a run is POSTed to its callback_url",
    "The gateway finds the end at its next poll, for a long run after 5 minutes: callbacks are late.",
    async (world) => {
      expect.same("the method", (await completed(world)).delivery.method, "POST");
    },
  ),
  clause(
    "should",
    "token: with Authorization: Bearer and COMPLETION_TOKEN",
    "The run's id is not believed: a run whose start was never answered is found by a retry only.",
    async (world) => {
      const token = world.given("completion-token");
      const { headers } = (await completed(world)).delivery;
      expect.that(headers.get("authorization") === `Bearer ${token}`, "Authorization is not that token");
    },
  ),
  clause(
    "should",
    "run-id: its JSON has the run's id at id, or at data.id",
    "A run whose start was never answered is found by a retry only.",
    async (world) => {
      const { delivery, run } = await completed(world);
      const body: unknown = JSON.parse(delivery.body.toString());
      expect.same("the id", String(at(body, "id") ?? at(body, "data", "id")).toLowerCase(), run);
    },
  ),
  clause(
    "should",
    "again: one that got no 202 is sent again within 30 seconds",
    "The gateway finds the end at its next poll, for a long run after 5 minutes: callbacks are late.",
    async (world) => {
      const endpoint = world.openCompletions(1);
      acceptedRun(await world.user.start(world.action, { callback_url: endpoint.url }));
      await endpoint.nth(2, world.options.patienceMs);
    },
  ),
];

async function completed(world: UpstreamWorld): Promise<{ run: string; delivery: Delivery }> {
  const endpoint = world.openCompletions();
  const run = acceptedRun(await world.user.start(world.action, { callback_url: endpoint.url }));
  return { run, delivery: await endpoint.nth(1, world.options.patienceMs) };
}
