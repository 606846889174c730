import { HOST_SORTS, MAX_PAUSE_DAYS, SPANS } from "../../contract/search-values.ts";
import { pauseHost, resumeHost } from "../../operators/host-pauses.ts";
import { action, type Feature, view } from "../shell/feature.ts";
import { destinationAt } from "../shell/links.ts";
import { parseChoice, parseCursor, parseHostName, parseUntil, requireHost } from "../shell/parameters.ts";
import { DestinationsPage } from "./page.tsx";
import { decodeHostCursor, listDestinations } from "./query.ts";

const HOUR_MS = 60 * 60_000;

export const destinations: Feature = [
  view({
    path: "/destinations",
    parse: (given) => ({
      span: parseChoice(given, "span", SPANS) ?? "day",
      sort: parseChoice(given, "sort", HOST_SORTS) ?? "failures",
      host: parseHostName(given),
      after: parseCursor(given, decodeHostCursor),
    }),
    load: (c, query) => listDestinations(c.get("services"), query, Date.now()),
    Page: DestinationsPage,
    FaultPage: DestinationsPage,
  }),
  action({
    path: "/destinations/pause",
    parse: (given) => ({
      host: requireHost(given),
      untilMs: parseUntil(given, MAX_PAUSE_DAYS) ?? Date.now() + HOUR_MS,
    }),
    perform: (c, { host, untilMs }) => pauseHost(c.get("services"), c.get("operator"), host, untilMs),
    status: 200,
    next: ({ host }) => destinationAt(host),
    said: "host_paused",
  }),
  action({
    path: "/destinations/resume",
    parse: requireHost,
    perform: (c, host) => resumeHost(c.get("services"), c.get("operator"), host),
    status: 200,
    next: destinationAt,
    said: "host_resumed",
  }),
];
