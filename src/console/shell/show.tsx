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
import { OverviewPage, UnavailableOverviewPage } from "../overview/page.tsx";
import { overview } from "../overview/query.ts";
import { RedeliveryPage } from "../redelivery/page.tsx";
import { RunPage } from "../run/page.tsx";
import { type RunSearch, RunsPage } from "../runs/page.tsx";
import { searchRuns } from "../runs/run-search.ts";
import { isSignInError, SignInPage } from "../sign-in/page.tsx";
import { userView } from "../users/query.ts";
import { UsersPage } from "../users/search-page.tsx";
import { UserPage } from "../users/user-page.tsx";
import { consoleDeps, readDestinations } from "./deps.ts";
import { runsAt, userAt } from "./links.ts";
import {
  type Given,
  parseCursor,
  parseLetterQuery,
  parseRunQuery,
  parseRunTarget,
  parseSomeUser,
  parseSpan,
  parseUser,
  withSeconds,
} from "./queries.ts";
import { buildFrame, type Handler, notFoundPage, page, render } from "./render.tsx";

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

const showOverview = page(async (c) => {
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

const showRuns = page(async (c) => {
  const given = c.req.query();
  const search = parseSearch(given);
  const deps = consoleDeps(c);
  const query = await parseRunQuery(withTimes(given), deps.nowMs);
  const isFault = query.kind === "invalid";
  const found = isFault ? null : await searchRuns(deps, query.value);
  const fault = isFault ? query.detail : null;
  const content = <RunsPage frame={buildFrame(c)} search={search} found={found} fault={fault} />;
  return render(c, content, isFault ? 400 : 200);
});

const showRun = page(async (c) => {
  const target = await parseRunTarget(c.req.param("run_id"), c.req.query());
  if (target.kind === "invalid") return notFoundPage(c);
  const { runId, userKey } = target.value;
  c.get("notes").runId = runId;
  const run = await runDetail(consoleDeps(c), runId, userKey);
  if (run !== null) return render(c, <RunPage frame={buildFrame(c)} run={run} />);
  // Whose it is can still be found out.
  return userKey === null ? c.redirect(runsAt({ run_id: runId }), 303) : notFoundPage(c);
});

const showUsers = page(async (c) => {
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

const showUser = page(async (c) => {
  const user = await parseSomeUser({ user: c.req.param("user") });
  if (user.kind === "invalid") return notFoundPage(c);
  const view = await userView(consoleDeps(c), user.value);
  return render(c, <UserPage frame={buildFrame(c)} view={view} />);
});

const showDeadLetters = page(async (c) => {
  const given = c.req.query();
  const { host = "", reason = "", from = "", to = "" } = given;
  const search = { host, reason, from, to };
  const query = parseLetterQuery(withTimes(given));
  const isFault = query.kind === "invalid";
  const letters = isFault ? null : await deadLetters(c.env.OPERATORS_DB, query.value);
  const fault = isFault ? query.detail : null;
  const content = <DeadLettersPage frame={buildFrame(c)} search={search} letters={letters} fault={fault} />;
  return render(c, content, isFault ? 400 : 200);
});

const showRedelivery = page(async (c) => {
  const redelivery = await readRedelivery(consoleDeps(c), c.req.param("id") ?? "");
  if (redelivery === null) return notFoundPage(c);
  return render(c, <RedeliveryPage frame={buildFrame(c)} redelivery={redelivery} />);
});

const showDestinations = page(async (c) =>
  render(c, <DestinationsPage frame={buildFrame(c)} view={await readDestinations(c)} />),
);

const showAudit = page(async (c) => {
  const after = parseCursor(c.req.query());
  if (after.kind === "invalid") return notFoundPage(c);
  const trail = await auditPage(c.env.OPERATORS_DB, after.value);
  return render(c, <AuditTrailPage frame={buildFrame(c)} page={trail} />);
});

/** Below the console's root. */
export const PAGES: readonly [path: string, show: Handler][] = [
  ["", showOverview],
  ["/runs", showRuns],
  ["/runs/:run_id", showRun],
  ["/users", showUsers],
  ["/users/:user", showUser],
  ["/dead-letters", showDeadLetters],
  ["/redeliveries/:id", showRedelivery],
  ["/destinations", showDestinations],
  ["/audit", showAudit],
];

function parseSearch(given: Given): RunSearch {
  const { run_id = "", user = "", issuer = "", subject = "", stored_action_id = "" } = given;
  const { state = "", result = "", from = "", to = "" } = given;
  return { run_id, user, issuer, subject, stored_action_id, state, result, from, to };
}

function withTimes(given: Given): Given {
  return { ...given, from: withSeconds(given["from"] ?? ""), to: withSeconds(given["to"] ?? "") };
}
