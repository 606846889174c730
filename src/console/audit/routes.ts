import { auditPage } from "../../operators/audit.ts";
import { decodeCursor } from "../../operators/cursor.ts";
import { type Feature, view } from "../shell/feature.ts";
import { parseCursor } from "../shell/parameters.ts";
import { AuditTrailPage } from "./page.tsx";

export const audit: Feature = [
  view({
    path: "/audit",
    parse: (given) => parseCursor(given, decodeCursor),
    load: (c, after) => auditPage(c.get("services").operatorsDb, after),
    Page: AuditTrailPage,
  }),
];
