import { HOST_SORTS, SPANS } from "../../contract/search-values.ts";
import { type Feature, view } from "../shell/feature.ts";
import { parseChoice, parseCursor, parseHostName } from "../shell/parameters.ts";
import { DestinationsPage } from "./page.tsx";
import { decodeHostCursor, listDestinations } from "./query.ts";

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
];
