import { consoleDeps } from "../shell/deps.ts";
import { type Feature, view } from "../shell/feature.ts";
import type { Given } from "../shell/parameters.ts";
import { type RunSearch, RunsPage } from "./page.tsx";
import { parseRunQuery } from "./run-query.ts";
import { searchRuns } from "./run-search.ts";

export const runs: Feature = [
  view({
    path: "/runs",
    parse: (given) => parseRunQuery(given, Date.now()),
    load: (c, query) => searchRuns(consoleDeps(c), query),
    draw: (frame, found, given) => (
      <RunsPage frame={frame} search={toSearch(given)} found={found} fault={null} />
    ),
    drawFault: (frame, fault, given) => (
      <RunsPage frame={frame} search={toSearch(given)} found={null} fault={fault} />
    ),
  }),
];

function toSearch(given: Given): RunSearch {
  const { run_id = "", user = "", issuer = "", subject = "", stored_action_id = "" } = given;
  const { state = "", result = "", from = "", to = "" } = given;
  return { run_id, user, issuer, subject, stored_action_id, state, result, from, to };
}
