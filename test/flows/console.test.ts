// The operators' console in a real browser, on a gateway that has really run things: what an operator comes for, with
// scripts and without, and what no other visitor may do.
import { afterEach, describe, expect, it } from "vitest";
import { words } from "../support/words.ts";
import type { Visitor } from "./support/browser.ts";
import { actionId, atOnce, Caller, ECHO, toRunId } from "./support/caller.ts";
import { ATTEMPTS, BILLED, ConsoleStage, WITHIN_MS } from "./support/console-stage.ts";
import { LocalServer } from "./support/local-server.ts";
import { forFile, forTest } from "./support/opened.ts";
import { until } from "./support/process.ts";

const LIMIT = 4;
/** More than a consumer sends in one go. */
const MANY = 60;
const ISSUER = "https://issuer.dev.edge-actions.invalid";
const FAILS = actionId("0004");
const UNHINDERED = { rate_limit: { exempt: false, limit_override: 1000 } };
const PHONE = { width: 390, height: 844 };
const BROWSER_OPTIONS = [
  { colorScheme: "light" },
  { colorScheme: "dark" },
  { colorScheme: "light", viewport: PHONE },
] as const;
const PAGES = words`
  / /docs /docs/operators /console /console?span=day /console?span=week /console/errors /console/runs /console/users /console/dead-letters
  /console/destinations /console/audit /console/sign-in /console/nowhere`;
const MARKUP = `<script>alert(1)</script><img src=x onerror=alert(1)>`;

const stage = await forFile(ConsoleStage.open({ RATE_LIMIT_DEFAULT: LIMIT }));
afterEach(() => stage.leave());

/** Loads the page again until it says so, as a user who waits would. */
async function untilSaid(at: Visitor, said: string): Promise<void> {
  await until(`"${said}" on the page`, WITHIN_MS, async () => {
    if ((await at.text()).includes(said)) return true;
    await at.page.reload();
    return false;
  });
}

describe.each([
  ["with scripts", true],
  ["without scripts", false],
])("an operator %s", (_name, scripts) => {
  it("signs in, finds a run and reads its time line", async () => {
    const who = await stage.caller("reader");
    const runId = await stage.delivered(who);

    const at = await stage.operator(scripts);
    await at.goTo("Runs");
    await at.page.getByLabel("Issuer").fill(ISSUER);
    await at.page.getByLabel("Subject").fill(parseSubject(who));
    await at.press("Search");
    await at.page.getByRole("link", { name: runId }).click();
    const text = await at.text();
    const entries = ["Accepted", "Ended", "Charged", "Attempt 1", "HTTP 204", "Delivered"];
    for (const entry of [...entries, stage.receiver.urlAt("/fine")]) expect(text).toContain(entry);
  });

  it("reads on the overview, seconds later, what the gateway has done", async () => {
    const who = await stage.caller("counted");
    await stage.delivered(who);

    const at = await stage.operator(scripts);
    const chart = (name: RegExp) => at.page.getByRole("img", { name });
    await until("the attempt on the overview", WITHIN_MS, async () => {
      await at.open("/console");
      return (await chart(/^Delivery attempts over time: [1-9]/).count()) === 1;
    });
    for (const name of [
      /^Requests over time: [1-9]/,
      /^Runs ended over time: [1-9]/,
      /^Tasks charged over time: [1-9]/,
      /^Time from the end of a run to its delivery: median \d/,
    ]) {
      expect(await chart(name).count()).toBe(1);
    }
    expect(await at.text()).toContain("Counting began at");
  });

  it("redelivers what was ticked and sees it through to its end", async () => {
    const who = await stage.caller("chosen");
    const deadLetters = [await stage.deadLetter(who), await stage.deadLetter(who)];
    stage.isOpen = true;

    const at = await stage.operator(scripts);
    await at.goTo("Dead letters");
    for (const { runId } of deadLetters) await at.page.getByLabel(`Select run ${runId}`).check();
    await at.press("Redeliver selected");
    await at.page.getByText("2 dead letters, chosen by hand.").waitFor();
    // No reload here: the script asks, or the page loads itself again.
    await at.page.getByText("finished").waitFor({ timeout: WITHIN_MS });
    await at.page.locator("dd[data-value=delivered]", { hasText: "2" }).waitFor({ timeout: WITHIN_MS });
    await until("both callbacks", WITHIN_MS, () =>
      deadLetters.every(({ path }) => stage.receiver.at(path).length > ATTEMPTS),
    );
  });

  it("sees how far a large redelivery is, without doing anything", async () => {
    const who = await Caller.of(stage.gateway.url, undefined, UNHINDERED);
    const deadLetters = await atOnce(MANY, () => stage.deadLetter(who));
    stage.isOpen = true;

    const at = await stage.operator(scripts);
    await at.goTo("Dead letters");
    const asked: string[] = [];
    at.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    const { host } = new URL(stage.receiver.urlAt("/"));
    await at.page.getByLabel("Host").fill(host);
    await at.page.getByText("Redeliver this range…").click();
    await at.press("Send them");
    await at.page.getByText(`All dead letters to ${host}.`).waitFor();
    await at.page.getByText("finished").waitFor({ timeout: WITHIN_MS });
    await until("all callbacks", WITHIN_MS, () =>
      deadLetters.every(({ path }) => stage.receiver.at(path).length > ATTEMPTS),
    );
    // The script has asked the API, or else the page has loaded itself again.
    const pages = asked.filter((path) => path.startsWith("/console/redeliveries/"));
    const questions = asked.filter((path) => path.startsWith("/console/api/redeliveries/"));
    expect(pages.length).toBeGreaterThan(1);
    expect(questions.length > 0).toBe(scripts);
  });

  it("opens a group's list with one click, and dismisses one with a reason", async () => {
    const who = await stage.caller("dismissed");
    const { runId } = await stage.deadLetter(who);
    const { host } = new URL(stage.receiver.urlAt("/"));

    const at = await stage.operator(scripts);
    await at.goTo("Dead letters");
    await at.page.getByRole("rowheader", { name: host }).getByRole("link").first().click();
    const box = await at.page.getByLabel(`Select run ${runId}`).boundingBox();
    expect(box !== null && box.y < (at.page.viewportSize()?.height ?? 0)).toBe(true);
    await at.page.getByLabel(`Select run ${runId}`).check();
    await at.page.getByText("Dismiss selected…").click();
    const form = at.page.locator("form[data-selection]");
    await form.getByLabel("Why").fill("The receiver is gone.");
    await form.getByRole("button", { name: "Dismiss them" }).click();
    await at.page.getByText("finished").waitFor({ timeout: WITHIN_MS });
    await at.open("/console/dead-letters");
    expect(await at.text()).not.toContain(runId);
    await at.open("/console/dead-letters?dismissed=true");
    expect(await at.page.getByRole("row", { name: runId }).innerText()).toContain("The receiver is gone. (");
  });

  it("abandons a run that has not ended, after a confirmation", async () => {
    const who = await stage.caller("patient");
    const slow = await who.start(actionId("0003"), {
      inputs: { seconds: 60 },
      callback_url: stage.receiver.urlAt("/never"),
    });
    const at = await stage.operator(scripts);
    await lookUp(at, who);
    await at.page.getByRole("link", { name: toRunId(slow) }).click();
    await at.page.getByText("Abandon…").click();
    await at.press("Abandon this run");
    expect(await at.text()).toContain("The run has been abandoned.");
    await untilSaid(at, "Dead letter");
  });

  it("resets a window, and the user starts again at once", async () => {
    const who = await stage.caller("busy");
    for (let n = 0; n < LIMIT; n += 1) expect((await who.start(ECHO, {})).status).toBe(202);
    expect((await who.start(ECHO, {})).status).toBe(429);

    const at = await stage.operator(scripts);
    await lookUp(at, who);
    expect(await at.text()).toContain(`used of ${LIMIT}`);
    await at.page.getByText("Reset the windows…").click();
    await at.press("Reset now");
    expect(await at.text()).toContain("The windows have been reset.");
    expect((await who.start(ECHO, {})).status).toBe(202);

    await at.goTo("Audit trail");
    const [latest] = await at.page.getByRole("row").filter({ hasText: "Reset the windows" }).all();
    expect(await latest?.innerText()).toMatch(/olga[\s\S]*done/);
  });

  it("signs out, and is out", async () => {
    const at = await stage.operator(scripts);
    await at.press("Sign out");
    await at.page.getByRole("heading", { name: "Sign in to the console" }).waitFor();
    await at.open("/console/runs");
    expect(at.path).toBe("/console/sign-in?next=%2Fconsole%2Fruns");
  });
});

describe("no other visitor", () => {
  it("is let in with a caller's token", async () => {
    const at = await stage.visitor();
    await at.signIn("alice", "external");
    expect(await at.text()).toContain("it has not the scope of operators");
    await at.open("/console/runs");
    expect(at.path).toBe("/console/sign-in?next=%2Fconsole%2Fruns");
  });

  it("has an operator's browser do anything from another origin, of the same site even", async () => {
    const { runId, path } = await stage.deadLetter(await stage.caller("victim"));
    const before = stage.receiver.at(path).length;
    stage.isOpen = true;
    const form = `<form method="post" action="${stage.gateway.url}/console/runs/${runId}/redeliver"><button>Win a prize</button></form>`;
    const at = await stage.operator();
    await at.open(await pageElsewhere(form));
    await at.page.getByRole("button").click();
    expect(await at.text()).toContain("This form came from elsewhere");
    // The console's own form does it.
    await at.open("/console/dead-letters");
    await at.page.getByRole("row", { name: runId }).getByRole("button", { name: "Redeliver" }).click();
    expect(await at.text()).toContain("The callback is being sent again.");
    await until("the callback", WITHIN_MS, () => stage.receiver.at(path).length === before + 1);
    await untilSaid(at, "The receiver has acknowledged the result.");
  });
});

describe("every page", () => {
  it("is quiet under its policy, without barriers, and as wide as the window, in light, in dark and on a phone", async () => {
    const who = await Caller.of(stage.gateway.url, `${MARKUP}-${crypto.randomUUID()}`, BILLED);
    const { runId } = await stage.deadLetter(who);
    await stage.delivered(who, FAILS);
    const barriers: string[] = [];
    for (const options of BROWSER_OPTIONS) {
      const at = await stage.operator(true, options);
      await at.open(`/console/runs/${runId}`);
      await at.page.getByRole("link", { name: MARKUP }).click();
      const pages = [...PAGES, `/console/runs/${runId}`, at.path];
      for (const path of pages) {
        await at.open(path);
        expect([path, await at.overflow()]).toEqual([path, 0]);
        expect(await at.page.locator("h1").count()).toBe(1);
        barriers.push(...(await at.barriers()).map((barrier) => `${path}: ${barrier}`));
      }
      expect(at.complaints).toEqual([]);
    }
    expect(barriers).toEqual([]);
  });

  it("keeps the theme that was chosen, and offers none without scripts", async () => {
    const at = await stage.operator(true, { colorScheme: "light" });
    const ground = () => at.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await at.press("Dark theme");
    expect(await ground()).not.toBe(light);
    await at.open("/console/runs");
    expect(await ground()).not.toBe(light);
    const plain = await stage.operator(false);
    expect(await plain.page.getByRole("button", { name: "Dark theme" }).count()).toBe(0);
  });
});

function parseSubject({ token }: Caller): string {
  const { sub }: { sub: string } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  return sub;
}

async function lookUp(at: Visitor, who: Caller): Promise<void> {
  await at.goTo("Users");
  await at.page.getByLabel("Subject").fill(parseSubject(who));
  await at.page.getByRole("button", { name: "Look up" }).first().click();
}

/** On another origin of the same site. */
async function pageElsewhere(html: string): Promise<string> {
  const page = `<link rel="icon" href="data:,">${html}`;
  const elsewhere = LocalServer.listen((_request, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end(page),
  );
  return (await forTest(elsewhere)).url;
}
