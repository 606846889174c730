// What operators do with every gate there is, a page at a time: export all charges, and have a new operators' index told
// everything again. Where the next page begins is in the answer's headers (charges) or its body, and nothing is kept here:
// an export that was interrupted goes on with the last cursor.
import { accepts } from "hono/accepts";
import { refuse } from "../../http/answers.ts";
import { CHARGE_COLUMNS, chargeRow } from "../../http/charge-row.ts";
import type { AppContext } from "../../http/context.ts";
import { formatCsv } from "../../http/csv.ts";
import { linkToNext } from "../../http/link-to-next.ts";
import { audited, newEntry } from "../../operators/audit.ts";
import { type ExportedCharge, type ExportPage, exportCharges } from "../../operators/charges-export.ts";
import { type ExportSpan, encodeExportCursor, parseChargesQuery } from "../../operators/charges-query.ts";
import type { RegistryPosition } from "../../operators/registry.ts";
import {
  decodeReindexCursor,
  encodeReindexCursor,
  type Reindexed,
  reindexGates,
} from "../../operators/reindex.ts";
import { parameterFault, problem } from "../../platform/errors.ts";
import { log } from "../../platform/observability/log.ts";

const UNREADABLE = problem(
  "service_unavaiable",
  "Charges cannot be read at the moment. Ask again with the same cursor.",
  { retryAfterSeconds: 5 },
);
const UNAVAILABLE = problem(
  "service_unavaiable",
  "The gates cannot be asked at the moment. Ask again with the same cursor.",
  { retryAfterSeconds: 5 },
);
const LINES = "application/x-ndjson";
const COLUMNS = ["user", "issuer", "subject", ...CHARGE_COLUMNS] as const;

export async function getCharges(c: AppContext): Promise<Response> {
  const query = parseChargesQuery(c.req.query(), Date.now());
  if (query.kind === "invalid")
    return refuse(c, "malformed", parameterFault(query.parameter, query.detail), {});
  const deps = { kv: c.env.KV, gates: c.env.USER_GATE };
  const page = await orNull(c, exportCharges(deps, query.span, query.position));
  if (page === null) return refuse(c, "unavailable", UNREADABLE, {});
  return render(c, query.span, page);
}

export async function postReindex(c: AppContext): Promise<Response> {
  const position = decodeReindexCursor(c.req.query("cursor") ?? "");
  if (position === null) {
    const detail = "cursor must be the next_cursor of an answer of the same operation.";
    return refuse(c, "malformed", parameterFault("cursor", detail), {});
  }
  const done = await orNull(c, reindexAudited(c, position));
  if (done === null) return refuse(c, "unavailable", UNAVAILABLE, {});
  const { gates, toldAnew, unreachable, next } = done;
  const nextCursor = next && encodeReindexCursor(next);
  return c.json({ gates, told_anew: toldAnew, unreachable, next_cursor: nextCursor });
}

async function reindexAudited(c: AppContext, position: RegistryPosition): Promise<Reindexed | null> {
  let done: Reindexed | null = null;
  await audited(c.env.OPERATORS_DB, newEntry(c.get("operator"), "reindex", null), async () => {
    done = await reindexGates({ kv: c.env.KV, gates: c.env.USER_GATE }, position);
    const { gates, toldAnew, unreachable } = done;
    return { kind: "done", detail: `${gates} gates: ${toldAnew} told anew, ${unreachable} unreachable` };
  });
  return done;
}

async function orNull<T>(c: AppContext, work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    log({ event: "console.unavailable", request_id: c.get("requestId"), error });
    return null;
  }
}

function render(c: AppContext, span: ExportSpan, { charges, next }: ExportPage): Response {
  const type = accepts(c, { header: "Accept", supports: [LINES, "text/csv"], default: LINES });
  const rows = charges.map(exportedRow);
  const headers = { vary: "Accept", ...(next && headersOfNext(c, encodeExportCursor(span, next))) };
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
