// The operators' console in a real browser, on a gateway that has really run things: what an operator comes for, with
// scripts and without, and what nobody else may do.
import { once } from "node:events";
import { createServer } from "node:http";
import type { Browser } from "playwright-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, Visitor } from "./support/browser.ts";
import { actionId, atOnce, Caller, ECHO, runIdOf } from "./support/caller.ts";
import { untilState } from "./support/deliveries.ts";
import { portOf } from "./support/environment.ts";
import { type GatewayProcess, startProcess, until } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";

const WITHIN_MS = 30_000;
/** What does not count against a host: one that fails altogether would be left alone for a while. */
const GONE = 404;
const LIMIT = 4;
/** More than a consumer sends in one go. */
const MANY = 60;
const ATTEMPTS = 2;
const FAILS = actionId("0004");
const BILLED = {
  billing: JSON.stringify({ is_billable: true, origin: "actions_api", usage_type: "action_run" }),
};
const PHONE = { width: 390, height: 844 };
const MARKUP = `<script>alert(1)</script><img src=x onerror=alert(1)>`;

let gateway: GatewayProcess;
let browser: Browser;
/** Refuses until a test opens it. */
let receiver: Receiver;
let isOpen = false;
const visitors: Visitor[] = [];

beforeAll(async () => {
  receiver = await Receiver.listen(({ path }) => (path.startsWith("/fine") || isOpen ? 204 : GONE));
  const vars = [`RATE_LIMIT_DEFAULT:${LIMIT}`, "CALLBACK_RETRY_SCHEDULE:0"];
  [gateway, browser] = await Promise.all([
    startProcess({ args: vars.flatMap((each) => ["--var", each]) }),
    launchBrowser(),
  ]);
  return async () => {
    await browser.close();
    receiver.close();
    await gateway.close();
  };
});

afterEach(async () => {
  isOpen = false;
  const left = visitors.splice(0);
  const complaints = left.flatMap((each) => each.complaints);
  await Promise.all(left.map((each) => each.close()));
  expect(complaints).toEqual([]);
});

async function visitor(options: Parameters<typeof Visitor.of>[2] = {}): Promise<Visitor> {
  const made = await Visitor.of(browser, gateway.url, options);
  visitors.push(made);
  return made;
}

/** An operator whose browser runs scripts, or does not. */
async function operator(
  javaScriptEnabled = true,
  more: Parameters<typeof Visitor.of>[2] = {},
): Promise<Visitor> {
  const made = await visitor({ javaScriptEnabled, ...more });
  await made.signIn("olga");
  await made.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  return made;
}

function caller(name: string): Promise<Caller> {
  return Caller.of(gateway.url, `${name}-${crypto.randomUUID()}`, BILLED);
}

async function deadLetter(who: Caller): Promise<{ runId: string; path: string }> {
  const path = `/closed/${crypto.randomUUID()}`;
  const runId = runIdOf(await who.start(ECHO, { inputs: { n: 1 }, callback_url: receiver.url(path) }));
  await until("the last attempt", WITHIN_MS, () => receiver.at(path).length === ATTEMPTS);
  await untilState(who, ECHO, runId, "dead");
  return { runId, path };
}

/** Loads the page again until it says so, as somebody who waits would. */
async function untilSaid(at: Visitor, words: string): Promise<void> {
  await until(`"${words}" on the page`, WITHIN_MS, async () => {
    if ((await at.text()).includes(words)) return true;
    await at.page.reload();
    return false;
  });
}

describe.each([
  ["with scripts", true],
  ["without scripts", false],
])("an operator %s", (_name, scripts) => {
  it("signs in, finds a run and reads its time line", async () => {
    const who = await caller("reader");
    const runId = runIdOf(await who.start(ECHO, { inputs: { n: 1 }, callback_url: receiver.url("/fine") }));
    await untilState(who, ECHO, runId, "delivered");

    const at = await operator(scripts);
    await at.goTo("Runs");
    await at.page.getByLabel("Issuer").fill("https://issuer.dev.edge-actions.invalid");
    await at.page.getByLabel("Subject").fill(subjectOf(who));
    await at.press("Search");
    await at.page.getByRole("link", { name: runId }).click();
    const text = await at.text();
    for (const words of [
      "Accepted",
      "Ended",
      "Charged",
      "Attempt 1",
      "HTTP 204",
      "Delivered",
      receiver.url("/fine"),
    ]) {
      expect(text).toContain(words);
    }
  });

  it("reads on the overview, seconds later, what the gateway has done", async () => {
    const who = await caller("counted");
    const runId = runIdOf(await who.start(ECHO, { inputs: { n: 1 }, callback_url: receiver.url("/fine") }));
    await untilState(who, ECHO, runId, "delivered");

    const at = await operator(scripts);
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

  it("redelivers a dead letter, and it arrives", async () => {
    const { runId, path } = await deadLetter(await caller("unlucky"));
    const before = receiver.at(path).length;
    isOpen = true;

    const at = await operator(scripts);
    await at.goTo("Dead letters");
    await at.page.getByRole("row", { name: runId }).getByRole("button", { name: "Redeliver" }).click();
    expect(await at.text()).toContain("The callback is being sent again.");
    await until("the callback", WITHIN_MS, () => receiver.at(path).length > before);
    await untilSaid(at, "The receiver has acknowledged the result.");
  });

  it("redelivers what was ticked and sees it through to its end", async () => {
    const who = await caller("chosen");
    const letters = [await deadLetter(who), await deadLetter(who)];
    isOpen = true;

    const at = await operator(scripts);
    await at.goTo("Dead letters");
    for (const { runId } of letters) await at.page.getByLabel(`Select run ${runId}`).check();
    await at.press("Redeliver selected");
    await at.page.getByText("2 dead letters, chosen by hand.").waitFor();
    // Nobody reloads: the script asks, or the page loads itself again.
    await at.page.getByText("finished").waitFor({ timeout: WITHIN_MS });
    await until("both callbacks", WITHIN_MS, () =>
      letters.every(({ path }) => receiver.at(path).length > ATTEMPTS),
    );
  });

  it("redelivers all of a host, after a second look", async () => {
    const { path } = await deadLetter(await caller("host"));
    isOpen = true;
    const at = await operator(scripts);
    await at.goTo("Dead letters");
    const host = new URL(receiver.url("/")).host;
    const row = at.page.getByRole("row", { name: host }).first();
    await row.getByText("Redeliver all…").click();
    await row.getByRole("button", { name: "Send them" }).click();
    await at.page.getByText(`All dead letters to ${host}.`).waitFor();
    await until("the callback", WITHIN_MS, () => receiver.at(path).length > ATTEMPTS);
  });

  it("sees how far a large redelivery is, without doing anything", async () => {
    const who = await Caller.of(gateway.url, undefined, {
      rate_limit: { exempt: false, limit_override: 1000 },
    });
    const letters = await atOnce(MANY, () => deadLetter(who));
    isOpen = true;

    const at = await operator(scripts);
    await at.goTo("Dead letters");
    const asked: string[] = [];
    at.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    const { host } = new URL(receiver.url("/"));
    await at.page.getByLabel("Host").fill(host);
    await at.page.getByText("Redeliver this range…").click();
    await at.press("Send them");
    await at.page.getByText(`All dead letters to ${host}.`).waitFor();
    await at.page.getByText("finished").waitFor({ timeout: WITHIN_MS });
    await until("all callbacks", WITHIN_MS, () =>
      letters.every(({ path }) => receiver.at(path).length > ATTEMPTS),
    );
    // The script has asked the API, or else the page has loaded itself again.
    const pages = asked.filter((path) => path.startsWith("/console/redeliveries/"));
    const questions = asked.filter((path) => path.startsWith("/console/api/redeliveries/"));
    expect(pages.length).toBeGreaterThan(1);
    expect(questions.length > 0).toBe(scripts);
  });

  it("abandons a run that has not ended, after a second look", async () => {
    const who = await caller("patient");
    const slow = await who.start(actionId("0003"), {
      inputs: { seconds: 60 },
      callback_url: receiver.url("/never"),
    });
    const at = await operator(scripts);
    await at.goTo("Users");
    await at.page.getByLabel("Issuer").fill("https://issuer.dev.edge-actions.invalid");
    await at.page.getByLabel("Subject").fill(subjectOf(who));
    await at.page.getByRole("button", { name: "Look up" }).first().click();
    await at.page.getByRole("link", { name: runIdOf(slow) }).click();
    await at.page.getByText("Abandon…").click();
    await at.press("Abandon this run");
    expect(await at.text()).toContain("The run has been abandoned.");
    await untilSaid(at, "Dead letter");
  });

  it("resets a window, and the user starts again at once", async () => {
    const who = await caller("busy");
    for (let n = 0; n < LIMIT; n += 1) expect((await who.start(ECHO, {})).status).toBe(202);
    expect((await who.start(ECHO, {})).status).toBe(429);

    const at = await operator(scripts);
    await at.goTo("Users");
    await at.page.getByLabel("Issuer").fill("https://issuer.dev.edge-actions.invalid");
    await at.page.getByLabel("Subject").fill(subjectOf(who));
    await at.page.getByRole("button", { name: "Look up" }).first().click();
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
    const at = await operator(scripts);
    await at.press("Sign out");
    await at.page.getByRole("heading", { name: "Sign in to the console" }).waitFor();
    await at.open("/console/runs");
    expect(at.path).toBe("/console/sign-in");
  });
});

describe("nobody else", () => {
  it("is let in with a caller's token", async () => {
    const at = await visitor();
    await at.signIn("alice", "external");
    expect(await at.text()).toContain("it has not the scope of operators");
    await at.open("/console/runs");
    expect(at.path).toBe("/console/sign-in");
  });

  it("sees a page with a caller's token in the header", async () => {
    const { token } = await caller("curious");
    const at = await visitor({ extraHTTPHeaders: { authorization: `Bearer ${token}` } });
    await at.open("/console/runs");
    expect(await at.text()).toContain("You are not an operator");
  });

  it("has an operator's browser do anything from another origin, of the same site even", async () => {
    const { runId, path } = await deadLetter(await caller("victim"));
    const before = receiver.at(path).length;
    isOpen = true;
    const form = `<form method="post" action="${gateway.url}/console/runs/${runId}/redeliver"><button>Win a prize</button></form>`;
    const elsewhere = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end(`<link rel="icon" href="data:,">${form}`);
    });
    await once(elsewhere.listen(0, "127.0.0.1"), "listening");
    try {
      const at = await operator();
      await at.open(`http://127.0.0.1:${portOf(elsewhere)}/`);
      await at.page.getByRole("button").click();
      expect(await at.text()).toContain("This form came from elsewhere");
      // The same form on the console's own page does it.
      await at.open(`/console/runs/${runId}`);
      await at.press("Redeliver");
      await until("the callback", WITHIN_MS, () => receiver.at(path).length === before + 1);
    } finally {
      elsewhere.close();
    }
  });

  it("frames the console", async () => {
    const at = await operator();
    const elsewhere = createServer((_request, response) => {
      const page = `<link rel="icon" href="data:,"><iframe src="${gateway.url}/console"></iframe>`;
      response.writeHead(200, { "content-type": "text/html" }).end(page);
    });
    await once(elsewhere.listen(0, "127.0.0.1"), "listening");
    try {
      await at.open(`http://127.0.0.1:${portOf(elsewhere)}/`);
      await until("the browser's refusal", WITHIN_MS, () => at.complaints.length > 0);
      expect(at.complaints.splice(0).join()).toMatch(/frame-ancestors/);
    } finally {
      elsewhere.close();
    }
  });
});

describe("every page", () => {
  it("is quiet under its policy, and as wide as the window, in light, in dark and on a phone", async () => {
    const who = await Caller.of(gateway.url, `${MARKUP}-${crypto.randomUUID()}`, BILLED);
    const { runId } = await deadLetter(who);
    const failed = runIdOf(await who.start(FAILS, { inputs: {}, callback_url: receiver.url("/fine") }));
    await untilState(who, FAILS, failed, "delivered");
    const looks = [
      { colorScheme: "light" },
      { colorScheme: "dark" },
      { colorScheme: "light", viewport: PHONE },
    ] as const;
    for (const look of looks) {
      const at = await operator(true, look);
      await at.open(`/console/runs/${runId}`);
      await at.page.getByRole("link", { name: MARKUP }).click();
      const user = at.path;
      const pages = [
        "/console",
        "/console?span=day",
        "/console?span=week",
        "/console/runs",
        `/console/runs/${runId}`,
        "/console/users",
        user,
        "/console/dead-letters",
        "/console/destinations",
        "/console/audit",
        "/console/sign-in",
        "/console/nowhere",
      ];
      for (const path of pages) {
        await at.open(path);
        expect([path, await at.overflow()]).toEqual([path, 0]);
        expect(await at.page.locator("h1").count()).toBe(1);
      }
      expect(at.complaints).toEqual([]);
    }
  });

  it("keeps the theme that was chosen, and offers none without scripts", async () => {
    const at = await operator(true, { colorScheme: "light" });
    const ground = () => at.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await at.press("Dark theme");
    expect(await ground()).not.toBe(light);
    await at.open("/console/runs");
    expect(await ground()).not.toBe(light);
    const plain = await operator(false);
    expect(await plain.page.getByRole("button", { name: "Dark theme" }).count()).toBe(0);
  });
});

function subjectOf({ token }: Caller): string {
  const { sub }: { sub: string } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  return sub;
}
