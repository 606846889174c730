import { readRedelivery } from "../../operators/redelivery.ts";
import { problem } from "../../platform/errors.ts";
import { type Feature, view } from "../shell/feature.ts";
import { requireUuid } from "../shell/parameters.ts";
import { RedeliveryPage } from "./page.tsx";

export const redelivery: Feature = [
  view({
    path: "/redeliveries/:id",
    parse: (given) => requireUuid(given, "id"),
    load: (c, id) => readRedelivery(c.get("services"), id),
    missing: problem("not_found", "There is no such redelivery."),
    Page: RedeliveryPage,
  }),
];
