// The switch of the rate limit, thrown with the command that a developer has for it. Its store is read and written by
// one process at a time, so it is thrown before the gateway starts.
import { expect, it } from "vitest";
import { statuses } from "../support/times.ts";
import { atOnce, Caller, ECHO } from "./support/caller.ts";
import { forFile, userFolder } from "./support/opened.ts";
import { startProcess, until, vars } from "./support/process.ts";
import { run } from "./support/run.ts";

const FLAG = "edge_actions_api_rate_limiting_global";

const { folder, env } = await userFolder();
const stateDir = `${folder}/state`;
const store = ["--local", "--persist-to", stateDir];
const flag = [FLAG, "--default", "off", "--rule", "serve=on; when=userId equals limited"];
const create = ["--no-install", "wrangler", "flagship", "flags", "create", "edge-actions", ...flag, ...store];
const created = await run("npx", create, env);
expect(created, created.stderr).toMatchObject({ code: 0 });
const gateway = await forFile(startProcess({ stateDir, args: vars({ RATE_LIMIT_DEFAULT: 3 }) }));
// The store's first answer on a busy machine may come after the half second that a request waits for it.
const anyCaller = await Caller.of(gateway.url);
await until("the flag store", 30_000, async () => (await anyCaller.call("/readyz")).status === 200);

it("a flag that is off lifts the limit, and the headers with it", async () => {
  const answers = await atOnce(6, () => anyCaller.start(ECHO, {}, { rateLimit: "off" }));
  expect(statuses(answers)).toEqual({ 202: 6 });
});

it("but for the one user for whom it is on", async () => {
  const caller = await Caller.of(gateway.url, "limited");
  expect(statuses(await atOnce(6, () => caller.start(ECHO, {})))).toEqual({ 202: 3, 429: 3 });
});
