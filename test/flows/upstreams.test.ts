// What `npm run conformance:upstream` says of the upstreams that this repository has, and that the examples work behind a
// gateway. What it says of others: test/conformance/upstream.test.ts.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { completionToken, signingKey } from "../../scripts/dev-keys.ts";
import { actionId, Caller, ECHO, toRunId } from "./support/caller.ts";
import { freePort } from "./support/environment.ts";
import { EXAMPLE_UPSTREAMS, startExampleUpstream } from "./support/example-upstreams.ts";
import { forTest, userFolder } from "./support/opened.ts";
import { startProcess, until, vars } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { type Ended, run } from "./support/run.ts";

/** Far longer than a completion takes, and far shorter than the first poll. */
const CALLED_BACK_WITHIN_MS = 30_000;
const SLOW = actionId("0003");
const FAILS = actionId("0004");
const ONE_OFF = '{"action_key":"echo"}';

const { folder, env } = await userFolder();

function conformance(...args: string[]): Promise<Ended> {
  return run("npm", ["run", "--silent", "conformance:upstream", "--", ...args], env);
}

describe.each(EXAMPLE_UPSTREAMS)("examples/%s", (name) => {
  it("keeps every clause that can be asked of it", async () => {
    const [receive, port] = [await freePort(), await freePort()];
    await forTest(startExampleUpstream(name, `http://127.0.0.1:${receive}`, port));
    const asked = ["--url", `http://127.0.0.1:${port}`, "--receive", String(receive)];
    const actions = ["--slow-action", SLOW, "--failing-action", FAILS, "--one-off-data", ONE_OFF];
    const token = ["--completion-token", await completionToken()];
    const { code, stdout, stderr } = await conformance(...asked, ...actions, ...token);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/\n35 pass, 0 FAIL, 0 advice, 5 not asked\n$/);
    expect(stdout).toMatch(/ not asked +refusal\.402 .* — needs --refusing 402=ID\n/);
    expect(code).toBe(0);
  });

  it("behind a gateway: a start, a held read, a completion that proves itself, a callback", async () => {
    const [gatewayPort, port] = [await freePort(), await freePort()];
    const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
    await forTest(startExampleUpstream(name, gatewayUrl, port));
    // No poll comes in time: only a completion can bring the callback.
    const settings = { UPSTREAM_URL: `http://127.0.0.1:${port}`, RUN_POLL_SCHEDULE: "300,300" };
    const gateway = await forTest(startProcess({ port: gatewayPort, args: vars(settings) }));
    const receiver = await forTest(Receiver.listen());
    const caller = await Caller.of(gateway.url);
    const inputs = { seconds: 1, message: "once" };
    const data = { inputs, callback_url: receiver.urlAt("/hook"), idempotency_id: crypto.randomUUID() };
    const runId = toRunId(await caller.start(SLOW, data));
    const read = await caller.read(SLOW, runId, "?wait_seconds=20");
    expect(JSON.parse(read.text)).toMatchObject({ id: runId, status: "success", results: [inputs] });
    await until("the callback", CALLED_BACK_WITHIN_MS, () => receiver.at("/hook").length > 0);
    expect(JSON.parse(String(receiver.at("/hook")[0]?.body))).toEqual(JSON.parse(read.text));
    expect(gateway.output()).toMatch(/"outcome":"notified"/);
    expect(gateway.output()).not.toMatch(/"outcome":"hinted"/);
  });
});

it("the sandbox keeps every clause", async () => {
  const port = await freePort();
  const gateway = await forTest(startProcess({ args: ["--sandbox-port", String(port)] }));
  const keys = join(folder, "signing-keys.json");
  await writeFile(keys, JSON.stringify({ keys: [await signingKey()] }), { mode: 0o600 });
  const identity = ["--signing-keys", keys, "--issuer", gateway.url];
  const completions = ["--receive", "0", "--completion-token", await completionToken()];
  const url = ["--url", `http://127.0.0.1:${port}`];
  const { code, stdout } = await conformance(
    ...url,
    ...identity,
    ...completions,
    "--sandbox-actions",
    "--json",
  );
  const { summary, clauses }: { summary: object; clauses: { id: string; outcome: string }[] } =
    JSON.parse(stdout);
  expect(clauses.filter(({ outcome }) => outcome !== "pass").map(({ id }) => id)).toEqual([
    "identity.upstream-token",
  ]);
  expect(summary).toEqual({ pass: clauses.length - 1, FAIL: 0, advice: 0, "not asked": 1 });
  expect(code).toBe(0);
});

it("a breach is an exit code of 1, and says what follows", async () => {
  const [receive, port] = [await freePort(), await freePort()];
  await forTest(startExampleUpstream("node-upstream", `http://127.0.0.1:${receive}`, port));
  const url = ["--url", `http://127.0.0.1:${port}`];
  const { code, stdout } = await conformance(
    ...url,
    "--token",
    "unknown",
    "--action",
    ECHO,
    "--only",
    "read",
  );
  expect(stdout).toMatch(
    / FAIL +read\.ended .*\n +seen: .* answered 401.*\n +what follows: The gateway never sees an end/,
  );
  expect(code).toBe(1);
});

it("what it cannot ask, it says with its usage, and exits with 2", async () => {
  const { code, stderr } = await conformance("--url", "http://127.0.0.1:1", "--token", "x");
  expect(stderr).toContain("no answer from http://127.0.0.1:1");
  expect(stderr).toContain("usage: npm run conformance:upstream");
  expect(code).toBe(2);
});
