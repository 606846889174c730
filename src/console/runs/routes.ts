import { type Feature, view } from "../shell/feature.ts";
import { findUser } from "../shell/find-user.ts";
import { RunsPage } from "./page.tsx";
import { parseRunQuery } from "./run-query.ts";
import { searchRuns } from "./run-search.ts";

export const runs: Feature = [
  view({
    path: "/runs",
    parse: async (given, c) => parseRunQuery(given, await findUser(c.get("services"), given), Date.now()),
    load: (c, query) => searchRuns({ ...c.get("services"), nowMs: Date.now() }, query),
    Page: RunsPage,
    FaultPage: RunsPage,
  }),
];
