import { type Feature, view } from "../shell/feature.ts";
import { DestinationsPage } from "./page.tsx";
import { busiestHosts, withBreakers } from "./query.ts";

export const destinations: Feature = [
  view({
    path: "/destinations",
    parse: () => null,
    load: async ({ env }) =>
      withBreakers(await busiestHosts(env.METRICS_AGGREGATOR, Date.now()), env.DESTINATION_BREAKER),
    Page: DestinationsPage,
  }),
];
