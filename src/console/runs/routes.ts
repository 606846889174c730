import { type Feature, view } from "../shell/feature.ts";
import { RunsPage } from "./page.tsx";
import { parseRunQuery } from "./run-query.ts";
import { searchRuns } from "./run-search.ts";

export const runs: Feature = [
  view({
    path: "/runs",
    parse: (given) => parseRunQuery(given, Date.now()),
    load: (c, query) => searchRuns({ ...c.get("services"), nowMs: Date.now() }, query),
    Page: RunsPage,
    FaultPage: RunsPage,
  }),
];
