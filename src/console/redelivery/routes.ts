import { readRedelivery } from "../../operators/redelivery.ts";
import { problem } from "../../platform/errors.ts";
import { consoleDeps } from "../shell/deps.ts";
import { type Feature, view } from "../shell/feature.ts";
import { requireUuid } from "../shell/parameters.ts";
import { RedeliveryPage } from "./page.tsx";

export const redelivery: Feature = [
  view({
    path: "/redeliveries/:id",
    parse: (given) => requireUuid(given, "id"),
    load: (c, id) => readRedelivery(consoleDeps(c), id),
    missing: problem("not_found", "There is no such redelivery."),
    Page: RedeliveryPage,
  }),
];
