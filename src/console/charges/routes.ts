// Every user's charges, a page at a time. Where the next page begins is in the answer's headers, and nothing is kept here: an
// export that was interrupted goes on with the last cursor.
import { accepts } from "hono/accepts";
import { CHARGE_COLUMNS, chargeRow } from "../../http/charge-row.ts";
import type { AppContext } from "../../http/context.ts";
import { formatCsv } from "../../http/csv.ts";
import { linkToNext } from "../../http/link-to-next.ts";
import { problem } from "../../platform/errors.ts";
import { asked, type Result } from "../shell/api.ts";
import type { Feature } from "../shell/feature.ts";
import { type ExportedCharge, exportCharges } from "./export.ts";
import { type ChargesQuery, encodeExportCursor, parseChargesQuery } from "./query.ts";

const UNREADABLE = problem(
  "service_unavaiable",
  "Charges cannot be read at the moment. Ask again with the same cursor.",
  { retryAfterSeconds: 5 },
);
const LINES = "application/x-ndjson";
const COLUMNS = ["user", "issuer", "subject", ...CHARGE_COLUMNS] as const;

export const charges: Feature = [
  {
    path: "/charges",
    read: asked((given) => parseChargesQuery(given, Date.now()), answerCharges, UNREADABLE),
  },
];

async function answerCharges(c: AppContext, { span, position }: ChargesQuery): Promise<Result> {
  const page = await exportCharges(c.get("services"), span, position);
  if (page === null) return { outcome: "unavailable", problem: UNREADABLE };
  const type = accepts(c, { header: "Accept", supports: [LINES, "text/csv"], default: LINES });
  const rows = page.charges.map(exportedRow);
  const headers = {
    vary: "Accept",
    ...(page.next && headersOfNext(c, encodeExportCursor(span, page.next))),
  };
  if (type === "text/csv") {
    const csv = { "content-type": "text/csv; charset=utf-8; header=present" };
    return c.body(formatCsv(COLUMNS, rows), 200, { ...headers, ...csv });
  }
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  return c.body(lines, 200, { ...headers, "content-type": LINES });
}

function headersOfNext(c: AppContext, cursor: string): Record<string, string> {
  return { ...linkToNext(c, cursor), "x-next-cursor": cursor };
}

function exportedRow({ userKey, issuer, subject, ...charge }: ExportedCharge) {
  return { user: userKey, issuer, subject, ...chargeRow(charge) } satisfies Record<
    (typeof COLUMNS)[number],
    string | number | null
  >;
}
