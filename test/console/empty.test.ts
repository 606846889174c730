// Pages with nothing on them say why, and what to do.
import { describe, expect, it } from "vitest";
import { AuditTrailPage } from "../../src/console/audit/page.tsx";
import { DeadLettersPage } from "../../src/console/dead-letters/page.tsx";
import { DestinationsPage } from "../../src/console/destinations/page.tsx";
import { ErrorsPage } from "../../src/console/errors/page.tsx";
import { OverviewPage } from "../../src/console/overview/page.tsx";
import { RunPage } from "../../src/console/run/page.tsx";
import { RunsPage } from "../../src/console/runs/page.tsx";
import { UserPage } from "../../src/console/users/user-page.tsx";
import type { RunPage as RunPageView } from "../../src/operators/views.ts";
import {
  abandonedRun,
  emptyUser,
  FRAME,
  NONE,
  runDetail,
  runPage,
  toOverview,
  userView,
} from "./fixtures.ts";
import { deadLetters, destinations, noDeadLetters, noErrors, searchFor } from "./list-fixtures.ts";

const SEARCH = searchFor("");

const runs = (view: Partial<RunPageView>) => {
  const found = { runs: [], next_cursor: null, searched_to: null, progress: null, ...view };
  return RunsPage({ frame: FRAME, given: SEARCH, view: found, fault: null });
};

describe("a page says why it is as it is, and what can be done", () => {
  it.each([
    [
      "an overview",
      OverviewPage({ frame: FRAME, view: toOverview(NONE) }),
      ["No requests in the last day", "Start a run first"],
    ],
    [
      "errors",
      ErrorsPage({ frame: FRAME, given: SEARCH, view: noErrors, fault: null }),
      ["No errors", "X-Request-Id"],
    ],
    [
      "a search for errors",
      ErrorsPage({ frame: FRAME, given: { ...SEARCH, kind: "limited" }, view: noErrors, fault: null }),
      ["No error is like that", "Take a condition away first"],
    ],
    ["a search", runs({}), ["No run is like that", "Take a condition away, or name the user"]],
    [
      "a page of a long search",
      runs({ next_cursor: "abc", searched_to: "2026-11-25T19:48:11Z" }),
      ["None so far", "finished at 2026-11-25 19:48:11.", 'href="/console/runs?cursor=abc"', ">Older<"],
    ],
    [
      "a page of a search through many users",
      runs({ next_cursor: "abc", progress: runPage.progress && { ...runPage.progress, counted_all: false } }),
      [
        "None so far",
        "Searched 40 of more than 312 users who were active from 2026-11-18 20:14:03 to 2026-11-25 20:14:03.",
        ">Go on<",
      ],
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
      DeadLettersPage({ frame: FRAME, given: SEARCH, view: noDeadLetters, fault: null }),
      ["No dead letters", 'href="/console/runs?state=retrying"'],
    ],
    [
      "destinations",
      DestinationsPage({ frame: FRAME, given: {}, fault: null, view: { ...destinations, destinations: [] } }),
      ["No attempt in the last day"],
    ],
    [
      "an audit trail",
      AuditTrailPage({ frame: FRAME, given: {}, view: { entries: [], next_cursor: null }, fault: null }),
      ["No actions yet"],
    ],
    [
      "an audit trail in which nothing is like that",
      AuditTrailPage({
        frame: FRAME,
        given: { operator: "olga" },
        view: { entries: [], next_cursor: null },
        fault: null,
      }),
      ["No action is like that", 'value="olga"'],
    ],
    [
      "an abandoned run",
      RunPage({ frame: FRAME, view: abandonedRun }),
      [
        "The end of this run was never read.",
        "the upstream does not know the run",
        ">Poll now<",
        ">Redeliver<",
      ],
    ],
    [
      "a page of destinations",
      DestinationsPage({ frame: FRAME, given: { sort: "attempts" }, fault: null, view: destinations }),
      [
        'href="/console/destinations?span=day&amp;sort=attempts&amp;cursor=W',
        '<option value="attempts" selected',
      ],
    ],
    [
      "a run whose host is left alone",
      RunPage({ frame: FRAME, view: { ...runDetail, breaker: { until: "2026-11-25T20:14:33.000Z" } } }),
      [
        'The breaker of <a href="/console/destinations?host=hooks.example.com">hooks.example.com</a>',
        " is open until 2026-11-25 20:14:33 (in 30 s).",
      ],
    ],
  ])("%s says so", async (_name, page, words) => {
    const html = String(await page);
    for (const each of words) expect(html).toContain(each);
  });
});

it.each([
  [{ poll: true, redeliver: true, abandon: true, dismiss: false }, ["Poll now", "Redeliver", "Abandon…"]],
  [{ poll: false, redeliver: true, abandon: false, dismiss: true }, ["Redeliver", "Dismiss…"]],
  [{ poll: false, redeliver: false, abandon: false, dismiss: false }, []],
])("a run's buttons are those that its state allows: %o", async (can, buttons) => {
  const html = String(await RunPage({ frame: FRAME, view: { ...runDetail, can } }));
  expect(
    ["Poll now", "Redeliver", "Abandon…", "Dismiss…"].filter((label) => html.includes(`>${label}<`)),
  ).toEqual(buttons);
});

it("a user's start that was never answered can be given its run's id; others lead to their runs", async () => {
  const html = String(await UserPage({ frame: FRAME, view: userView }));
  const forms = html.match(/action="[^"]*\/open-runs\/[^"]*"/g);
  expect(forms).toEqual([
    `action="/console/users/${userView.user}/open-runs/5ad0a9a5-9a11-4f39-8d07-3b7c7f9f2a44/poll"`,
  ]);
});

it.each([
  ["says that none is like that", noDeadLetters, "No dead letter is like that"],
  ["leads on to older ones", { ...noDeadLetters, complete: false, next_cursor: "abc" }, "cursor=abc"],
])("a search for dead letters that finds none %s, and nothing of others", async (_name, view, words) => {
  const given = { ...SEARCH, host: "client.example" };
  const html = String(await DeadLettersPage({ frame: FRAME, given, view, fault: null }));
  expect(html).toContain(words);
  expect(html).not.toContain("Every callback was delivered");
});

it("overdue runs and dead letters without a callback are on the page of dead letters", async () => {
  const props = { frame: FRAME, given: SEARCH, view: deadLetters, fault: null };
  const html = String(await DeadLettersPage(props));
  for (const words of ["Runs overdue", 'href="/console/dead-letters?host=-&amp;', ">no callback<"])
    expect(html).toContain(words);
  const none = String(await DeadLettersPage({ ...props, view: noDeadLetters }));
  expect(none).not.toContain("Runs overdue");
});
