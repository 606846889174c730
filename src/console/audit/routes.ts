import { AUDIT_ACTIONS } from "../../contract/search-values.ts";
import { auditPage } from "../../operators/audit.ts";
import type { AuditFilter } from "../../operators/audit-store.ts";
import { type Cursor, decodeCursor, NEWEST } from "../../operators/cursor.ts";
import { type Feature, view } from "../shell/feature.ts";
import { type Given, parseChoice, parseCursor, parseSpan, parseText } from "../shell/parameters.ts";
import { AuditTrailPage } from "./page.tsx";

export const audit: Feature = [
  view({
    path: "/audit",
    parse: parseSearch,
    load: (c, { filter, after }) => auditPage(c.get("services").operatorsDb, filter, after),
    Page: AuditTrailPage,
    FaultPage: AuditTrailPage,
  }),
];

/** `after`: also the end of the time that is asked for. */
function parseSearch(given: Given): { filter: AuditFilter; after: Cursor } {
  const { fromMs, toMs } = parseSpan(given);
  const end = toMs === null ? NEWEST : { atMs: toMs, id: "" };
  const cursor = parseCursor(given, decodeCursor);
  return {
    filter: {
      operator: parseText(given, "operator"),
      action: parseChoice(given, "action", AUDIT_ACTIONS),
      target: parseText(given, "target"),
      fromMs: fromMs ?? 0,
    },
    after: cursor !== null && cursor.atMs < end.atMs ? cursor : end,
  };
}
