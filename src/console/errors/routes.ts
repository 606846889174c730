import { ERROR_KINDS } from "../../platform/observability/recent-errors.ts";
import { type Feature, view } from "../shell/feature.ts";
import { parseChoice, parseHostName, parseText, parseUser, parseUuid } from "../shell/parameters.ts";
import { ErrorsPage } from "./page.tsx";
import { listErrors } from "./query.ts";

export const errors: Feature = [
  view({
    path: "/errors",
    parse: async (given) => ({
      kind: parseChoice(given, "kind", ERROR_KINDS),
      route: parseText(given, "route"),
      action: parseUuid(given, "stored_action_id")?.toLowerCase() ?? null,
      host: parseHostName(given),
      user: await parseUser(given),
    }),
    load: (c, filter) => listErrors(c.get("services").metricsAggregator, filter),
    Page: ErrorsPage,
    FaultPage: ErrorsPage,
  }),
];
