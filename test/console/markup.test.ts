// Whatever is stored comes out as text. Every page is drawn with markup in each place that a caller or a receiver can
// fill, and then read by a real HTML parser.
import { describe, expect, it } from "vitest";
import { AuditTrailPage } from "../../src/console/audit/page.tsx";
import { DeadLettersPage } from "../../src/console/dead-letters/page.tsx";
import { DestinationsPage } from "../../src/console/destinations/page.tsx";
import { ErrorsPage } from "../../src/console/errors/page.tsx";
import { OverviewPage } from "../../src/console/overview/page.tsx";
import { RedeliveryPage } from "../../src/console/redelivery/page.tsx";
import { RunPage } from "../../src/console/run/page.tsx";
import { RunsPage } from "../../src/console/runs/page.tsx";
import { ProblemPage } from "../../src/console/shell/problem.tsx";
import { SignInPage } from "../../src/console/sign-in/page.tsx";
import { UsersPage } from "../../src/console/users/search-page.tsx";
import { UserPage } from "../../src/console/users/user-page.tsx";
import { words } from "../support/words.ts";
import { abandonedRun, busyHour, FRAME, runDetail, runPage, toOverview, userView } from "./fixtures.ts";
import { auditPage, deadLetters, destinations, errorsView, redelivery, searchFor } from "./list-fixtures.ts";

const ATTACKS = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `'><svg onload=alert(1)>`,
  `</title></style></textarea></pre><iframe src=//evil.example>`,
  `javascript:alert(1)`,
  `//evil.example/`,
  `../../../evil?x=" onmouseover="alert(1)`,
  `<!--`,
  `&lt;b&gt;`,
];

/** Everything in a view that is not ours to choose. */
const FOREIGN = new Set(words`
  run_id run_ids user issuer subject stored_action_id callback_host callback_url host reason error operator
  target detail dismissal by run_key example_run_key idempotency_id next_cursor id from to state_given
  request_id`);

/** A copy with the attack in each foreign place. */
function filledWith<T>(attack: string, view: T): T {
  const copy: unknown = JSON.parse(JSON.stringify(view), (name, value: unknown) =>
    FOREIGN.has(name) && typeof value === "string" ? attack : value,
  );
  return copy as T;
}

function pagesWith(attack: string): [name: string, html: unknown][] {
  const frame = { ...FRAME, operator: attack, signOutAt: "/console/sign-out" };
  const given = searchFor(attack);
  const filled = <T>(view: T) => filledWith(attack, view);
  const day = toOverview(busyHour);
  const none = { host: null, reason: null, http_status: null, dismissed: false, from: null, to: null };
  const filter = { run_ids: [attack], ...none };
  return [
    ["overview", OverviewPage({ frame, view: { ...filled(day), from: day.from, to: day.to } })],
    ["errors", ErrorsPage({ frame, given, view: filled(errorsView), fault: attack })],
    ["runs", RunsPage({ frame, given, view: filled(runPage), fault: attack })],
    ["run", RunPage({ frame, view: filled(runDetail) })],
    ["abandoned run", RunPage({ frame, view: filled(abandonedRun) })],
    ["users", UsersPage({ frame, given, view: [attack], fault: attack })],
    ["user", UserPage({ frame, view: filled(userView) })],
    ["dead letters", DeadLettersPage({ frame, given, view: filled(deadLetters), fault: attack })],
    ["redelivery", RedeliveryPage({ frame, view: filled(redelivery) })],
    ["redelivery of a selection", RedeliveryPage({ frame, view: { ...redelivery, filter } })],
    ["dismissal", RedeliveryPage({ frame, view: { ...redelivery, dismissal: attack } })],
    ["destinations", DestinationsPage({ frame, given, fault: attack, view: filled(destinations) })],
    ["audit", AuditTrailPage({ frame, given, view: filled(auditPage), fault: attack })],
    ["sign-in", SignInPage({ frame, error: "invalid", usesAccess: true, scope: attack, next: "/console" })],
    ["problem", ProblemPage({ frame, problem: "not_found", requestId: attack })],
  ];
}

type Read = { tags: Map<string, number>; faults: string[]; text: string };

const OURS = /^(\/console($|[/?])|#)/;
const LINKS = ["href", "src", "action", "formaction", "data-redelivery"];

/** What a parser finds in a page: elements, and attributes that have no business there. */
async function read(html: string): Promise<Read> {
  const found: Read = { tags: new Map(), faults: [], text: "" };
  const parser = new HTMLRewriter().on("*", {
    element({ tagName, attributes }) {
      found.tags.set(tagName, (found.tags.get(tagName) ?? 0) + 1);
      for (const [name = "", value = ""] of attributes) {
        if (name.startsWith("on") || name === "style" || name === "srcdoc") {
          found.faults.push(`${tagName} ${name}`);
        }
        if (LINKS.includes(name) && !OURS.test(value)) found.faults.push(`${tagName} ${name}=${value}`);
      }
    },
    text({ text }) {
      found.text += text;
    },
  });
  await parser.transform(new Response(html)).text();
  return found;
}

const WEIRD = ["iframe", "img", "object", "embed", "style", "base", "template", "frame"];

describe.each(ATTACKS)("nothing stored becomes markup: %s", (attack) => {
  it.each(pagesWith(attack))("%s", async (_name, page) => {
    const html = String(await page);
    const { tags, faults } = await read(html);
    expect(faults).toEqual([]);
    expect([tags.get("script"), tags.get("html"), tags.get("body")]).toEqual([1, 1, 1]);
    expect(WEIRD.filter((tag) => tags.has(tag))).toEqual([]);
    const honest = await read(String(await findTwin(_name)));
    // The same elements as with honest data: nothing was added, and nothing broken off.
    expect([...tags.keys()].toSorted()).toEqual([...honest.tags.keys()].toSorted());
  });
});

function findTwin(name: string): unknown {
  return pagesWith("2026-11-25").find(([each]) => each === name)?.[1];
}

describe("what is stored is shown all the same, as text", () => {
  it.each(
    pagesWith("<b>x</b>").filter(([name]) => name !== "sign-in" && name !== "redelivery of a selection"),
  )("%s", async (_name, page) => {
    const html = String(await page);
    expect(html).toContain("&lt;b&gt;x&lt;/b&gt;");
    expect(html).not.toContain("<b>x</b>");
  });
});

describe("links", () => {
  it("a callback URL is shown, and is no link", async () => {
    const html = String(await RunPage({ frame: FRAME, view: runDetail }));
    expect(html).toContain("https://hooks.example.com/edge-actions/results?tenant=7f3a");
    expect(html).not.toContain('href="https://');
  });

  it("a run's id is one escaped segment, whatever it is", async () => {
    const runs = runPage.runs.slice(0, 1).map((run) => ({ ...run, run_id: "a/../b?c#d" }));
    const found = { ...runPage, runs };
    const html = String(await RunsPage({ frame: FRAME, given: searchFor(""), view: found, fault: null }));
    expect(html).toContain('href="/console/runs/a%2F..%2Fb%3Fc%23d?user=');
  });
});
