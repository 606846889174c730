// One run: its page, and what an operator can do with it.
import { type ActedOnRun, dismissOneRun, performOnRun, type RunAction } from "../../operators/actions.ts";
import { problem } from "../../platform/errors.ts";
import { type Action, action, type Feature, view } from "../shell/feature.ts";
import type { FlashCode } from "../shell/flash.ts";
import { runAt, runsAt } from "../shell/links.ts";
import { type Given, parseUser, requireDismissal, requireUuid } from "../shell/parameters.ts";
import { RunPage } from "./page.tsx";
import { runDetail } from "./query.ts";

type RunTarget = { runId: string; userKey: string | null };

const missing = problem(
  "not_found",
  "There is no such run. Only a dead letter is found without its user, or by a search.",
);

export const redeliverAction = runAction("redeliver", 202, "redelivering");

export const run: Feature = [
  view({
    path: "/runs/:run_id",
    parse: parseTarget,
    load: (c, { runId, userKey }) => {
      c.get("notes").runId = runId;
      return runDetail(c.get("services"), runId, userKey);
    },
    missing,
    Page: RunPage,
    // Whose it is can still be found out.
    elsewhere: ({ runId, userKey }) => (userKey === null ? runsAt({ run_id: runId }) : null),
  }),
  action(runAction("poll", 202, "polled")),
  action(redeliverAction),
  action(runAction("abandon", 200, "abandoned")),
  action({
    path: "/runs/:run_id/dismiss",
    parse: async (given) => ({ ...(await parseTarget(given)), dismissal: requireDismissal(given) }),
    perform: (c, { runId, userKey, dismissal }) => {
      c.get("notes").runId = runId;
      return dismissOneRun(c.get("services"), c.get("operator"), runId, userKey, dismissal);
    },
    status: 200,
    missing,
    next: ({ runId }, acted) => acted && runAt(runId, acted.user),
    said: "dismissed",
  }),
];

function runAction(name: RunAction, status: 200 | 202, said: FlashCode): Action<RunTarget, ActedOnRun> {
  return {
    path: `/runs/:run_id/${name}`,
    parse: parseTarget,
    perform: (c, { runId, userKey }) => {
      c.get("notes").runId = runId;
      return performOnRun(c.get("services"), c.get("operator"), name, runId, userKey);
    },
    status,
    missing,
    next: ({ runId }, acted) => acted && runAt(runId, acted.user),
    said,
  };
}

/** A run, and whose it is. */
async function parseTarget(given: Given): Promise<RunTarget> {
  return { runId: requireUuid(given, "run_id"), userKey: await parseUser(given) };
}
