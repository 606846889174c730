// The switch of the rate limit, thrown with the command that a developer has for it. Its store is read and written by
// one process at a time, so it is thrown before the gateway starts.
import { beforeAll, describe, expect, it } from "vitest";
import { statuses } from "../support/times.ts";
import { atOnce, Caller, ECHO } from "./support/caller.ts";
import { makeFolder, removeFolder, userEnvironment } from "./support/environment.ts";
import { type GatewayProcess, startProcess, until } from "./support/process.ts";
import { run } from "./support/run.ts";

const APP = "edge-actions";
const FLAG = "edge_actions_api_rate_limiting_global";

describe("a flag that is off but for one user", () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    const folder = await makeFolder();
    const stateDir = `${folder}/state`;
    const rule = "serve=on; when=userId equals limited";
    const flag = ["flagship", "flags", "create", APP, FLAG, "--default", "off", "--rule", rule];
    const store = ["--local", "--persist-to", stateDir];
    const created = await run(
      "npx",
      ["--no-install", "wrangler", ...flag, ...store],
      userEnvironment(folder),
    );
    expect(created, created.stderr).toMatchObject({ code: 0 });
    gateway = await startProcess({ stateDir, args: ["--var", "RATE_LIMIT_DEFAULT:3"] });
    // The store's first answer on a busy machine may come after the half second that a request waits for it.
    const caller = await Caller.of(gateway.url);
    await until("the flag store", 30_000, async () => (await caller.call("/readyz")).status === 200);
    return async () => {
      await gateway.close();
      await removeFolder(folder);
    };
  });

  it("lifts the limit for the others, and the headers with it", async () => {
    const caller = await Caller.of(gateway.url);
    const answers = await atOnce(6, () => caller.start(ECHO, {}, { rateLimit: "off" }));
    expect(statuses(answers)).toEqual({ 202: 6 });
  });

  it("keeps the limit for the one", async () => {
    const caller = await Caller.of(gateway.url, "limited");
    expect(statuses(await atOnce(6, () => caller.start(ECHO, {})))).toEqual({ 202: 3, 429: 3 });
  });
});
