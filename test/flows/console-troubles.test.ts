// What an operator is called for, found and explained on the console's pages alone, from the overview on.
import { setTimeout as sleep } from "node:timers/promises";
import type { Locator } from "playwright-core";
import { afterEach, expect, it } from "vitest";
import { actionId, atOnce, Caller, ECHO } from "./support/caller.ts";
import { ConsoleStage } from "./support/console-stage.ts";
import { forFile } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { Upstream } from "./support/upstream.ts";

const WITHIN_MS = 60_000;
const LIMIT = 5;
const FAILING = actionId("0f0f");
const UNHINDERED = { rate_limit: { exempt: false, limit_override: 1000 } };

const upstream = await forFile(Upstream.listen());
upstream.beforeAnswer = (run) => {
  if (run.inputs === "slow") return sleep(3_000);
  upstream.end(run, run.inputs === "fail" ? "error" : "success");
  return undefined;
};
const stage = await forFile(
  ConsoleStage.open({
    UPSTREAM_URL: upstream.url,
    UPSTREAM_TIMEOUT_MS: 1_000,
    RATE_LIMIT_DEFAULT: LIMIT,
    CALLBACK_RETRY_SCHEDULE: "5,300,1800",
  }),
);
afterEach(() => stage.leave());

/** Waits until it reads like that; the pages refresh themselves. */
async function untilReads(place: Locator, words: RegExp): Promise<void> {
  let texts: string[] = [];
  const isRead = until(`${words} on the page`, WITHIN_MS, async () => {
    texts = await place.allInnerTexts();
    return texts.some((text) => words.test(text));
  });
  await isRead.catch((cause) => {
    throw new Error(`the page reads ${JSON.stringify(texts)}`, { cause });
  });
}

it("a hot user is first on the overview, and the user's page says what is left", async () => {
  const hot = await Caller.of(stage.gateway.url);
  await atOnce(60, () => hot.start(ECHO, {}));
  const at = await stage.operator();
  const first = at.page.getByRole("table", { name: "Users by requests" }).getByRole("row").nth(1);
  await untilReads(first, /^\S+…\s+60\s+55\s+0\s*$/);
  await first.getByRole("link").first().click();
  await at.page.getByRole("heading", { level: 1 }).waitFor();
  expect(await at.text()).toContain(`used of ${LIMIT}`);
});

it("a single failing action can be distinguished from an outage", async () => {
  const who = await Caller.of(stage.gateway.url, undefined, UNHINDERED);
  const callback_url = stage.receiver.urlAt("/fine");
  await atOnce(4, () => who.start(ECHO, { inputs: "well", callback_url }));
  await atOnce(4, () => who.start(FAILING, { inputs: "fail", callback_url }));
  const at = await stage.operator();
  await at.goTo("Errors");
  const line = at.page.getByRole("row").filter({ hasText: "ended in an error" });
  await untilReads(line, new RegExp(`^run\\s.*\\s4\\s+1\\s+${FAILING}`, "s"));
  await line.first().getByRole("link", { name: FAILING }).click();
  await at.page.getByRole("textbox", { name: "Action" }).waitFor();
  expect(await at.page.getByRole("textbox", { name: "Action" }).inputValue()).toBe(FAILING);
  expect(await at.text()).not.toContain(ECHO);
});

it("a host that fails stands first among the destinations, and why is one click away", async () => {
  const failing = await Receiver.listen(() => 500);
  try {
    const who = await Caller.of(stage.gateway.url, undefined, UNHINDERED);
    const callback_url = failing.urlAt("/broken");
    await atOnce(12, () => who.start(ECHO, { inputs: "well", callback_url }));
    const { host } = new URL(callback_url);
    const at = await stage.operator();
    await at.goTo("Destinations");
    const first = at.page.getByRole("table").first().getByRole("row").nth(1);
    await until("the host on the page", WITHIN_MS, async () => {
      await at.page.reload();
      return (await first.allInnerTexts()).some((text) => text.includes(host));
    });
    await first.getByRole("link", { name: "Errors" }).click();
    const line = at.page.getByRole("table").first().getByRole("row").filter({ hasText: "status is no 2xx" });
    await untilReads(line, new RegExp(`^callback\\s+${host}\\s+status is no 2xx\\s+500\\s`));
  } finally {
    failing.close();
  }
});

it("a slow upstream is named by the strip, and its errors say for whom", async () => {
  const who = await Caller.of(stage.gateway.url, undefined, UNHINDERED);
  for (const { status } of await atOnce(40, () => who.start(ECHO, { inputs: "slow" })))
    expect(status).toBe(503);
  const at = await stage.operator();
  await at.page.getByRole("heading", { name: /Failing now: .*Requests/ }).waitFor({ timeout: WITHIN_MS });
  await at.page.getByRole("link", { name: "Requests", exact: true }).click();
  await at.page.getByRole("heading", { level: 1, name: "Errors" }).waitFor();
  const line = at.page.getByRole("row").filter({ hasText: "service_unavaiable" });
  await untilReads(
    line,
    new RegExp(`^upstream\\s.*/run\\s+service_unavaiable\\s+503\\s+\\d+\\s+1\\s+${ECHO}`, "s"),
  );
});
