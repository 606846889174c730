// What each page shows, read when it is asked for.

import type { AppContext } from "../../http/context.ts";
import { auditPage } from "../../operators/audit.ts";
import { deadLetters } from "../../operators/dead-letters.ts";
import { readRedelivery } from "../../operators/redelivery.ts";
import { runDetail } from "../../operators/run-detail.ts";
import { log } from "../../platform/observability/log.ts";
import { AuditTrailPage } from "../audit/page.tsx";
import { DeadLettersPage } from "../dead-letters/page.tsx";
import { DestinationsPage } from "../destinations/page.tsx";
import { busiestHosts, destinations } from "../destinations/query.ts";
import { OverviewPage, UnavailableOverviewPage } from "../overview/page.tsx";
import { overview } from "../overview/query.ts";
import { RedeliveryPage } from "../redelivery/page.tsx";
import { RunPage } from "../run/page.tsx";
import { type RunSearch, RunsPage, SEARCH_FIELDS } from "../runs/page.tsx";
import { searchRuns } from "../runs/run-search.ts";
import { isSignInError, SignInPage } from "../sign-in/page.tsx";
import { userView } from "../users/query.ts";
import { UsersPage } from "../users/search-page.tsx";
import { UserPage } from "../users/user-page.tsx";
import { consoleDeps } from "./deps.ts";
import { withSeconds } from "./form-time.ts";
import { runsAt, userAt } from "./links.ts";
import {
  type Given,
  parseCursor,
  parseLetterQuery,
  parseRunId,
  parseRunQuery,
  parseSpan,
  parseUser,
} from "./queries.ts";
import { buildFrame, notFoundPage, page, render } from "./render.tsx";

export async function showSignIn(c: AppContext): Promise<Response> {
  const { access, operatorScope } = c.get("settings");
  const error = c.req.query("error");
  return render(
    c,
    <SignInPage
      frame={buildFrame(c)}
      error={error !== undefined && isSignInError(error) ? error : null}
      usesAccess={access !== null}
      scope={operatorScope}
    />,
  );
}

export const showOverview = page(async (c) => {
  // An unknown span is shown as the usual one.
  const parsed = parseSpan(c.req.query());
  const span = parsed.kind === "ok" ? parsed.value : "hour";
  try {
    const view = await overview(c.env.METRICS_AGGREGATOR, span, Date.now());
    return await render(c, <OverviewPage frame={buildFrame(c)} overview={view} />);
  } catch (error) {
    log({ event: "console.unavailable", request_id: c.get("requestId"), error });
    c.get("notes").outcome = "unavailable";
    return render(c, <UnavailableOverviewPage frame={buildFrame(c)} span={span} />, 503);
  }
});

export const showRuns = page(async (c) => {
  const given = c.req.query();
  const search = parseSearch(given);
  const deps = consoleDeps(c);
  const query = await parseRunQuery(withTimes(given), deps.nowMs);
  if (query.kind === "invalid") {
    return render(
      c,
      <RunsPage frame={buildFrame(c)} search={search} found={null} fault={query.detail} />,
      400,
    );
  }
  const found = await searchRuns(deps, query.value);
  return render(c, <RunsPage frame={buildFrame(c)} search={search} found={found} fault={null} />);
});

export const showRun = page(async (c) => {
  const [runId, user] = [parseRunId(c.req.param("run_id") ?? ""), await parseUser(c.req.query())];
  if (runId.kind === "invalid" || user.kind === "invalid") return notFoundPage(c);
  c.get("notes").runId = runId.value;
  const run = await runDetail(consoleDeps(c), runId.value, user.value);
  if (run !== null) return render(c, <RunPage frame={buildFrame(c)} run={run} />);
  // Whose it is can still be found out.
  return user.value === null ? c.redirect(runsAt({ run_id: runId.value }), 303) : notFoundPage(c);
});

export const showUsers = page(async (c) => {
  const given = c.req.query();
  const user = await parseUser(given);
  if (user.kind === "ok" && user.value !== null) return c.redirect(userAt(user.value), 303);
  const { issuer = "", subject = "", user: key = "" } = given;
  const isFault = user.kind === "invalid";
  return render(
    c,
    <UsersPage
      frame={buildFrame(c)}
      search={{ issuer, subject, user: key }}
      issuers={c.get("settings").issuers.map((each) => each.issuer)}
      fault={isFault ? user.detail : null}
    />,
    isFault ? 400 : 200,
  );
});

export const showUser = page(async (c) => {
  const user = await parseUser({ user: c.req.param("user") });
  if (user.kind === "invalid" || user.value === null) return notFoundPage(c);
  const view = await userView(consoleDeps(c), user.value);
  return render(c, <UserPage frame={buildFrame(c)} view={view} />);
});

export const showDeadLetters = page(async (c) => {
  const given = c.req.query();
  const { host = "", reason = "", from = "", to = "" } = given;
  const props = { frame: buildFrame(c), search: { host, reason, from, to } };
  const query = parseLetterQuery(withTimes(given));
  if (query.kind === "invalid") {
    return render(c, <DeadLettersPage {...props} letters={null} fault={query.detail} />, 400);
  }
  const letters = await deadLetters(c.env.OPERATORS_DB, query.value);
  return render(c, <DeadLettersPage {...props} letters={letters} fault={null} />);
});

export const showRedelivery = page(async (c) => {
  const redelivery = await readRedelivery(consoleDeps(c), c.req.param("id") ?? "");
  if (redelivery === null) return notFoundPage(c);
  return render(c, <RedeliveryPage frame={buildFrame(c)} redelivery={redelivery} />);
});

export const showDestinations = page(async (c) => {
  const view = await destinations(
    () => busiestHosts(c.env.METRICS_AGGREGATOR, Date.now()),
    c.env.DESTINATION_BREAKER,
  );
  return render(c, <DestinationsPage frame={buildFrame(c)} view={view} />);
});

export const showAudit = page(async (c) => {
  const after = parseCursor(c.req.query());
  if (after.kind === "invalid") return notFoundPage(c);
  const trail = await auditPage(c.env.OPERATORS_DB, after.value);
  return render(c, <AuditTrailPage frame={buildFrame(c)} page={trail} />);
});

function parseSearch(given: Given): RunSearch {
  const fields: Partial<RunSearch> = {};
  for (const name of SEARCH_FIELDS) fields[name] = given[name] ?? "";
  const { run_id = "", user = "", issuer = "", subject = "", stored_action_id = "" } = fields;
  const { state = "", result = "", from = "", to = "" } = fields;
  return { run_id, user, issuer, subject, stored_action_id, state, result, from, to };
}

function withTimes(given: Given): Given {
  return { ...given, from: withSeconds(given["from"] ?? ""), to: withSeconds(given["to"] ?? "") };
}
