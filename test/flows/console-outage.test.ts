// An outage, as an operator's browser shows it: a receiver where nothing listens, and an upstream that is gone.
import { describe, expect, it } from "vitest";
import { atOnce, Caller, ECHO, toRunId } from "./support/caller.ts";
import { ConsoleStage } from "./support/console-stage.ts";
import { untilState } from "./support/deliveries.ts";
import { freePort } from "./support/environment.ts";
import { forTest } from "./support/opened.ts";
import { SocketServer } from "./support/socket-server.ts";
import { Upstream } from "./support/upstream.ts";

const UNHINDERED = { rate_limit: { exempt: false, limit_override: 1000 } };

describe("an outage", () => {
  it("is on the overview within a minute, without a reload, and where it was read", async () => {
    const upstream = await forTest(Upstream.listen());
    upstream.beforeAnswer = (run) => upstream.end(run);
    const network = await forTest(Promise.resolve(new SocketServer(await freePort())));
    await network.through(upstream.port);
    const down = await forTest(
      ConsoleStage.open({
        UPSTREAM_URL: `http://127.0.0.1:${network.port}`,
        CALLBACK_RETRY_SCHEDULE: "5,300,1800",
      }),
    );
    const who = await Caller.of(down.gateway.url, "hot", UNHINDERED);
    await atOnce(5, () => down.delivered(who));
    const at = await down.operator(true, { viewport: { width: 1360, height: 500 } });
    expect(await at.text()).not.toContain("Failing now");
    const place = () =>
      at.page.evaluate(() => [
        document.activeElement?.getAttribute("href"),
        document.documentElement.scrollTop,
      ]);
    await at.page.getByText("All of this as a table").click();
    await at.page.getByRole("link", { name: "All dead letters" }).focus();
    const before = await place();
    let loads = 0;
    at.page.on("domcontentloaded", () => {
      loads += 1;
    });

    const callbackUrl = `http://127.0.0.1:${await freePort()}/`;
    // A host that fails for one user is no outage.
    const others = await Promise.all(
      ["second", "third", "fourth"].map((sub) => Caller.of(down.gateway.url, sub, UNHINDERED)),
    );
    for (const other of others)
      await atOnce(5, () => other.start(ECHO, { inputs: {}, callback_url: callbackUrl }));
    const [first] = await atOnce(25, () => who.start(ECHO, { inputs: {}, callback_url: callbackUrl }));
    if (first !== undefined) await untilState(who, ECHO, toRunId(first), "retrying");
    await network.treat(null);
    for (const { status } of await atOnce(60, () => who.start(ECHO, {}))) expect(status).toBe(503);
    const failing = at.page.getByRole("heading", {
      name: /^Failing now: (?=.*Requests)(?=.*Receivers)(?=.*Upstream)/,
    });
    await failing.waitFor({ timeout: 60_000 });
    expect([await place(), loads]).toEqual([before, 0]);
    expect(await at.page.locator("details.as-table").getAttribute("open")).not.toBeNull();
    const text = await at.text();
    expect(text).toMatch(/60 of \d+ answered 5xx/);
    expect(text).toMatch(/Failing hosts\s+1\b/);
    expect(text).not.toMatch(/Callback success\s+100 %/);

    await at.page.getByRole("link", { name: "Upstream", exact: true }).click();
    await at.page.getByRole("heading", { level: 1, name: "Errors" }).waitFor();
    expect(await at.text()).toMatch(/upstream\s.*\/run\s.*service_unavaiable\s.*503/);
    await down.leave();
  }, 180_000);
});
