// Pages with nothing on them say why, and what to do.
import { describe, expect, it } from "vitest";
import type { Frame } from "../../../src/http/console/layout.tsx";
import { AuditTrailPage } from "../../../src/http/console/pages/audit.tsx";
import { DeadLettersPage } from "../../../src/http/console/pages/dead-letters.tsx";
import { DestinationsPage } from "../../../src/http/console/pages/destinations.tsx";
import { OverviewPage } from "../../../src/http/console/pages/overview.tsx";
import { RunPage } from "../../../src/http/console/pages/run.tsx";
import { RunsPage } from "../../../src/http/console/pages/runs.tsx";
import { UserPage } from "../../../src/http/console/pages/user.tsx";
import { deliveredRun, emptyOverview, emptyUser, NOW_MS, noDeadLetters } from "./fixtures.ts";

const FRAME: Frame = { operator: "olga", signOutAt: null, nowMs: NOW_MS, flash: null };
const SEARCH = {
  run_id: "",
  user: "",
  issuer: "",
  subject: "",
  stored_action_id: "",
  state: "",
  result: "",
  from: "",
  to: "",
  host: "",
};

const runs = (next_cursor: string | null) => {
  const found = { runs: [], next_cursor, searched_to: next_cursor && "2026-11-25T19:48:11Z" };
  return RunsPage({ frame: FRAME, search: SEARCH, found, fault: null });
};

describe("where there is nothing", () => {
  it.each([
    [
      "an overview",
      OverviewPage({ frame: FRAME, overview: emptyOverview() }),
      ["No requests in the last hour"],
    ],
    ["a search", runs(null), ["No run is like that", "Take a condition away."]],
    [
      "a page of a long search",
      runs("abc"),
      ["None so far", "Searched back to 2026-11-25 19:48:11.", 'href="/console/runs?cursor=abc"'],
    ],
    [
      "a user",
      UserPage({ frame: FRAME, view: emptyUser }),
      [
        "No window is open.",
        "Nothing was charged",
        "Nothing is owed to this user",
        "No idempotency id is claimed",
      ],
    ],
    [
      "dead letters",
      DeadLettersPage({ frame: FRAME, search: SEARCH, letters: noDeadLetters, fault: null }),
      ["No dead letters", 'href="/console/runs?state=retrying"'],
    ],
    [
      "destinations",
      DestinationsPage({ frame: FRAME, view: { since: null, destinations: [] } }),
      ["No attempt is on record"],
    ],
    [
      "an audit trail",
      AuditTrailPage({ frame: FRAME, page: { entries: [], next_cursor: null } }),
      ["Nobody has done anything yet"],
    ],
  ])("%s says so", async (_name, page, words) => {
    const html = String(await page);
    for (const each of words) expect(html).toContain(each);
  });
});

describe("a run's buttons are those that its state allows", () => {
  it("all, one or none", async () => {
    expect(await buttons({ look: true, redeliver: true, give_up: true })).toEqual([
      "Look now",
      "Redeliver",
      "Give up…",
    ]);
    expect(await buttons({ look: false, redeliver: true, give_up: false })).toEqual(["Redeliver"]);
    expect(await buttons({ look: false, redeliver: false, give_up: false })).toEqual([]);
  });
});

async function buttons(can: typeof deliveredRun.can): Promise<string[]> {
  const html = String(await RunPage({ frame: FRAME, run: { ...deliveredRun, can } }));
  return ["Look now", "Redeliver", "Give up…"].filter((label) => html.includes(`>${label}<`));
}
