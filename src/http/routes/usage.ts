// A caller's own charges, as JSON or as CSV (contract, Billing). The user comes from the token alone.
import { accepts } from "hono/accepts";
import { parameterFault, problem } from "../../errors.ts";
import type { LedgerCharge } from "../../ledger/entry.ts";
import { type UsagePage, usagePage } from "../../ledger/repository.ts";
import { parseUsageQuery, type UsageSpan } from "../../ledger/usage-query.ts";
import { log } from "../../observability/log.ts";
import { refuse } from "../answers.ts";
import type { AppContext } from "../context.ts";
import { csvOf } from "../csv.ts";
import { countRead } from "../read-window.ts";

const PAGE_SIZE = 100;
const TASKS_A_RUN = 1;
const RETRY_AFTER_SECONDS = 5;
const UNAVAILABLE = problem("service_unavaiable", "Usage cannot be read at the moment.", {
  retryAfterSeconds: RETRY_AFTER_SECONDS,
});

const COLUMNS = [
  "run_id",
  "stored_action_id",
  "charged_at",
  "tasks",
  "origin",
  "usage_type",
  "description",
  "exemption_reason",
  "exemption_details",
] as const;

export async function readUsage(c: AppContext): Promise<Response> {
  const { refusal, headers } = await countRead(c, null);
  if (refusal !== null) return refuse(c, "limited", refusal, headers);
  const query = parseUsageQuery(c.req.query());
  if (query.kind === "invalid")
    return refuse(c, "malformed", parameterFault(query.parameter, query.detail), headers);
  const page = await pageOf(c, query.span);
  if (page === null) return refuse(c, "ledger_unavailable", UNAVAILABLE, headers);
  if (page.kind === "bad_cursor") {
    const detail = "cursor must be the next_cursor of a page of the same span.";
    return refuse(c, "malformed", parameterFault("cursor", detail), headers);
  }
  c.get("notes").outcome = "read";
  return render(c, page, headers);
}

// Nothing else waits for the ledger, so an outage of it is this route's alone.
async function pageOf(c: AppContext, span: UsageSpan): Promise<UsagePage | null> {
  try {
    return await usagePage(c.env.LEDGER, c.get("caller").userKey, { ...span, limit: PAGE_SIZE });
  } catch (error) {
    log({ event: "ledger.unavailable", request_id: c.get("requestId"), error });
    return null;
  }
}

function render(
  c: AppContext,
  page: UsagePage & { kind: "page" },
  headers: Record<string, string>,
): Response {
  const supports = ["application/json", "text/csv"];
  const type = accepts(c, { header: "Accept", supports, default: "application/json" });
  const rows = page.charges.map(rowOf);
  const varied = { ...headers, vary: "Accept" };
  if (type !== "text/csv") return c.json({ data: rows, next_cursor: page.nextCursor }, 200, varied);
  const csv = { "content-type": "text/csv; charset=utf-8; header=present" };
  return c.body(csvOf(COLUMNS, rows), 200, { ...varied, ...csv, ...linkToNext(c, page.nextCursor) });
}

// RFC 8288; a CSV has no place for a cursor.
function linkToNext(c: AppContext, cursor: string | null): Record<string, string> {
  if (cursor === null) return {};
  const { from = "", to = "" } = c.req.query();
  const next = new URL(c.req.path, c.get("publicUrl"));
  next.search = new URLSearchParams({ from, to, cursor }).toString();
  return { link: `<${next.href}>; rel="next"` };
}

function rowOf({ runId, storedActionId, chargedAtMs, billing }: LedgerCharge) {
  return {
    run_id: runId,
    stored_action_id: storedActionId,
    charged_at: new Date(chargedAtMs).toISOString(),
    tasks: TASKS_A_RUN,
    origin: billing.origin,
    usage_type: billing.usage_type,
    description: billing.description,
    exemption_reason: billing.exemption_reason,
    exemption_details: billing.exemption_details,
  } satisfies Record<(typeof COLUMNS)[number], string | number | null>;
}
