import { type Feature, view } from "../shell/feature.ts";
import { DestinationsPage } from "./page.tsx";
import { busiestHosts, withBreakers } from "./query.ts";

export const destinations: Feature = [
  view({
    path: "/destinations",
    parse: () => null,
    load: async (c) => {
      const { metricsAggregator, breakers } = c.get("services");
      return withBreakers(await busiestHosts(metricsAggregator, Date.now()), breakers);
    },
    Page: DestinationsPage,
  }),
];
