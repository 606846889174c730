// How the overview stays fresh in a browser, by a clock that the test moves: in place, and never by itself where it must not.
import { afterEach, expect, it } from "vitest";
import type { Visitor } from "./support/browser.ts";
import { ConsoleStage } from "./support/console-stage.ts";
import { forFile } from "./support/opened.ts";
import { until } from "./support/process.ts";

const WITHIN_MS = 20_000;
/** A second more than the page waits. */
const INTERVAL_MS = 11_000;

const stage = await forFile(ConsoleStage.open({}));
afterEach(() => stage.leave());

/** At the overview, with a clock that stands; `asked`: how often it was loaded since. */
async function atOverview(): Promise<{ at: Visitor; asked: () => number; pass: () => Promise<void> }> {
  const at = await stage.operator();
  await at.page.clock.install();
  await at.open("/console");
  let asked = 0;
  at.page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/console") asked += 1;
  });
  const pass = () => at.page.clock.runFor(INTERVAL_MS);
  return { at, asked: () => asked, pass };
}

it("every ten seconds, and not while it is paused", async () => {
  const { at, asked, pass } = await atOverview();
  await pass();
  await until("the first refresh", WITHIN_MS, () => asked() === 1);
  await at.press("Pause updates");
  const zone = await at.page.evaluate(
    () =>
      new Intl.DateTimeFormat([], { timeZoneName: "short" })
        .formatToParts()
        .find(({ type }) => type === "timeZoneName")?.value ?? "",
  );
  expect(await at.text()).toMatch(new RegExp(`Paused at [^.]* ${zone}\\.`));
  expect(await at.page.locator("time[title]").first().getAttribute("title")).toMatch(new RegExp(` ${zone}$`));
  expect(await at.page.getByRole("button", { name: "Pause updates", pressed: true }).count()).toBe(1);
  for (const _ of [1, 2, 3]) await pass();
  expect(asked()).toBe(1);
  await at.press("Pause updates");
  await until("the refresh that comes at once", WITHIN_MS, () => asked() === 2);
  expect(await at.text()).not.toContain("Paused at");
});

it("not in a hidden tab, and at once when it is seen again", async () => {
  const { at, asked, pass } = await atOverview();
  const hide = (hidden: boolean) =>
    at.page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await hide(true);
  for (const _ of [1, 2, 3]) await pass();
  expect(asked()).toBe(0);
  await hide(false);
  await until("a refresh", WITHIN_MS, () => asked() === 1);
});

it("says that its numbers are old when the gateway does not answer, and is fresh again when it does", async () => {
  const { at, pass } = await atOverview();
  await at.page.route("**/console", (route) => route.abort());
  await pass();
  await at.page.getByText(/^Not refreshed since .*: these numbers are old\.$/).waitFor();
  await at.page.unroute("**/console");
  await pass();
  await until("that it is fresh", WITHIN_MS, async () => !(await at.text()).includes("Not refreshed"));
  // The browser itself reports the request that failed.
  expect(at.complaints.splice(0).length).toBeGreaterThan(0);
});

it("leads to the sign-in page when the session is over", async () => {
  const { at, pass } = await atOverview();
  await at.page.context().clearCookies();
  await pass();
  await at.page.getByRole("heading", { name: "Sign in to the console" }).waitFor();
});

it("without scripts it asks the browser to load it again, and has no button that does nothing", async () => {
  const at = await stage.operator(false);
  expect(await at.page.locator('meta[http-equiv="refresh"]').getAttribute("content")).toBe("30");
  expect(await at.page.getByRole("button", { name: "Pause updates" }).count()).toBe(0);
  expect(await at.text()).toContain("loads itself again every half minute");
});
