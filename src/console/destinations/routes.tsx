import { type Feature, view } from "../shell/feature.ts";
import { DestinationsPage } from "./page.tsx";
import { busiestHosts, destinations as loadDestinations } from "./query.ts";

export const destinations: Feature = [
  view({
    path: "/destinations",
    parse: () => null,
    load: (c) => {
      const hosts = () => busiestHosts(c.env.METRICS_AGGREGATOR, Date.now());
      return loadDestinations(hosts, c.env.DESTINATION_BREAKER);
    },
    draw: (frame, seen) => <DestinationsPage frame={frame} view={seen} />,
  }),
];
