// A caller's own charges, as JSON or as CSV (contract, Billing). The user comes from the token alone.
import { accepts } from "hono/accepts";
import type { ChargePage } from "../../gate/usage.ts";
import { parameterFault, problem } from "../../platform/errors.ts";
import { log } from "../../platform/observability/log.ts";
import { parseUsageQuery, type UsageSpan } from "../../runs/usage-query.ts";
import { refuse } from "../answers.ts";
import { callersGate } from "../caller-deps.ts";
import { CHARGE_COLUMNS, chargeRow } from "../charge-row.ts";
import type { AppContext } from "../context.ts";
import { formatCsv } from "../csv.ts";
import { linkToNext } from "../link-to-next.ts";
import { parseQuery } from "../query.ts";
import { countRead } from "../read-window.ts";
import { decodeUsageCursor, encodeUsageCursor } from "../usage-cursor.ts";

const PAGE_SIZE = 100;
const RETRY_AFTER_SECONDS = 5;
const UNAVAILABLE = problem("service_unavaiable", "Usage cannot be read at the moment.", {
  retryAfterSeconds: RETRY_AFTER_SECONDS,
});

export async function readUsage(c: AppContext): Promise<Response> {
  const { refusal, headers } = await countRead(c, null);
  if (refusal !== null) return refuse(c, "limited", refusal, headers);
  const query = parseUsageQuery(parseQuery(c));
  if (query.kind === "invalid")
    return refuse(c, "malformed", parameterFault(query.parameter, query.detail), headers);
  const { cursor, toMs } = query.span;
  const fromMs = cursor === null ? query.span.fromMs : decodeUsageCursor(cursor);
  if (fromMs === null || fromMs < query.span.fromMs || (cursor !== null && fromMs >= toMs)) {
    const detail = "cursor must be the next_cursor of a page of the same span.";
    return refuse(c, "malformed", parameterFault("cursor", detail), headers);
  }
  const page = await readPage(c, { fromMs, toMs });
  if (page === null) return refuse(c, "unavailable", UNAVAILABLE, headers);
  c.get("notes").outcome = "read";
  return render(c, page, headers);
}

async function readPage(c: AppContext, span: Pick<UsageSpan, "fromMs" | "toMs">): Promise<ChargePage | null> {
  try {
    return await callersGate(c).usage({ ...span, limit: PAGE_SIZE });
  } catch (error) {
    log({ event: "usage.unavailable", request_id: c.get("requestId"), error });
    return null;
  }
}

function render(c: AppContext, page: ChargePage, headers: Record<string, string>): Response {
  const supports = ["application/json", "text/csv"];
  const type = accepts(c, { header: "Accept", supports, default: "application/json" });
  const rows = page.charges.map(chargeRow);
  const cursor = page.nextFromMs === null ? null : encodeUsageCursor(page.nextFromMs);
  const varied = { ...headers, vary: "Accept" };
  if (type !== "text/csv") return c.json({ data: rows, next_cursor: cursor }, 200, varied);
  const csv = { "content-type": "text/csv; charset=utf-8; header=present" };
  return c.body(formatCsv(CHARGE_COLUMNS, rows), 200, {
    ...varied,
    ...csv,
    ...(cursor !== null && linkToNext(c, cursor)),
  });
}
