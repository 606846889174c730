// What the README promises to a user who has just cloned the project, done the way they would do it.
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { devIssuers } from "../../scripts/dev-keys.ts";
import { statuses } from "../support/times.ts";
import { Caller, ECHO } from "./support/caller.ts";
import { freePort, PROJECT } from "./support/environment.ts";
import { forFile, userFolder } from "./support/opened.ts";
import { startNpm, until } from "./support/process.ts";
import { type Ended, run } from "./support/run.ts";

const CALLED_BACK_WITHIN_MS = 20_000;
const SECOND_ISSUER = "https://second.issuer.invalid";
/** npm's own first lines among them. */
const MAX_LINES = 30;
const NOISE = /bindings|connected|out of date|Scheduled|wrangler:info|"event"|⎔|update available|readyz/;

const { folder, env } = await userFolder();

describe("npm start", async () => {
  const port = await freePort();
  const stateDir = `${folder}/named state`;
  const settings = ["--var", "RATE_LIMIT_DEFAULT:3", "--var", `JWT_ISSUERS:${await twoIssuers()}`];
  const args = [`--port=${port}`, `--persist-to=${stateDir}`, ...settings];
  const gateway = await forFile(startNpm({ port, args }));
  const untilReady = gateway.output();

  it("prints one screen until it is ready, and nothing that a newcomer has no use for", () => {
    expect(untilReady.trimEnd().split("\n").length).toBeLessThanOrEqual(MAX_LINES);
    expect(untilReady).not.toMatch(NOISE);
  });

  it("prints commands that work when pasted: the first starts a run, the next reads its result", async () => {
    const [setToken, start, read] = printedCommands(untilReady);
    const started = await shell(`${setToken}\n${start}`);
    expect(started).toMatchObject({ code: 0, stderr: "" });
    const { data }: { data: { type: string; id: string } } = JSON.parse(started.stdout);
    expect(data.type).toBe("run");

    const ended = await shell(`${setToken}\n${read?.replace("RUN_ID", data.id)}`);
    expect(JSON.parse(ended.stdout)).toEqual({
      type: "run",
      id: data.id,
      status: "success",
      results: [{ message: "Hello World!" }],
      next_page: null,
      errors: [],
    });
    const line = `\ncallback received and verified: run ${data.id}, status success\n`;
    await until("the line that says so", CALLED_BACK_WITHIN_MS, () => gateway.output().includes(line));
    // A completion that the sandbox had not proven would be "hinted".
    expect(gateway.output()).toMatch(/ POST \/completions\/:ref 202 \d+ ms\n/);
    expect(gateway.output()).not.toContain("hinted");
  });

  it("prints a command whose token opens the console, and where the contract is", async () => {
    const signIn = printedCommands(untilReady).at(-1);
    const { stdout } = await shell(`cd ${PROJECT}\n${signIn}`);
    const headers = { authorization: `Bearer ${stdout.trim()}` };
    expect((await fetch(`${gateway.url}/console`, { headers })).status).toBe(200);
    expect(untilReady).toContain(`${gateway.url}/console\n`);
    expect(untilReady).toContain(`${gateway.url}/docs\n`);
    expect((await fetch(`${gateway.url}/docs`)).status).toBe(200);
  });

  it("prints one line for each request", async () => {
    const before = gateway.output().length;
    await fetch(`${gateway.url}/usage`);
    await fetch(`${gateway.url}/openapi.json`);
    const printed = () => gateway.output().slice(before);
    await until("the lines", CALLED_BACK_WITHIN_MS, () => /openapi\.json.*\n/.test(printed()));
    const lines = printed()
      .split("\n")
      .filter((line) => /usage|openapi|bearer|wrangler/.test(line));
    expect(lines).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d GET \/usage 401 \d+ ms unauthorized \(bearer\.missing\)$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d GET \/openapi\.json 200 \d+ ms$/),
    ]);
  });

  it("accepts the tokens of `npm run token`, with their claims", async () => {
    const claim = 'rate_limit={"exempt":false,"limit_override":37}';
    const { code, stdout } = await token("--sub", "alice", "--claim", claim);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const answer = await new Caller(gateway.url, stdout.trim()).start(ECHO, {});
    expect(answer.status).toBe(202);
    expect(answer.headers.get("x-ratelimit-limit")).toBe("37");
  });

  it("takes the port and the folder from its options", () => {
    expect(untilReady).toContain(`Edge Actions is ready on ${gateway.url}, `);
    expect(existsSync(stateDir)).toBe(true);
  });

  it("lets a setting from its options win over a default", async () => {
    const caller = await Caller.of(gateway.url);
    const answers = [];
    for (let n = 1; n <= 4; n += 1) answers.push(await caller.start(ECHO, {}));
    expect(statuses(answers)).toEqual({ 202: 3, 429: 1 });
    expect(answers.map(({ headers }) => headers.get("x-ratelimit-limit"))).toEqual(["3", "3", "3", "3"]);
  });

  it("lets a setting from its options win over what the command itself sets", async () => {
    const caller = await Caller.of(gateway.url, "alice", { iss: SECOND_ISSUER });
    expect((await caller.start(ECHO, {})).status).toBe(202);
  });

  it("says so when its port is in use", async () => {
    const refused = await run("npm", ["start", "--", "--port", String(port)], env);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`Port ${port} of 127.0.0.1 is in use.`);
    expect(refused.stdout).not.toContain("ready");
  });

  // That it ends with npm, too, the scenes of documented-commands.test.ts show.
  it("ends on Ctrl-C, which a terminal sends to everything at once", async () => {
    await gateway.kill("SIGINT");
    await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow("fetch failed");
  });
});

const NOT_IN_RANGE = "RATE_LIMIT_DEFAULT must be a whole number from 1 to 1000000";

it.each([
  ["--var", "RATE_LIMIT_DEFAULT:abc", NOT_IN_RANGE],
  ["--env-file", "settings.env", NOT_IN_RANGE],
  // Node has an option of this name, and must leave it to the script.
  ["--env-file", "missing.env", "missing.env cannot be read."],
])("npm start with a bad setting says what is wrong and ends: %s %s", async (option, value, words) => {
  await writeFile(`${folder}/settings.env`, "RATE_LIMIT_DEFAULT=abc\n");
  const given = option === "--var" ? value : `${folder}/${value}`;
  const refused = await run("npm", ["start", "--", "--port", String(await freePort()), option, given], env);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(words);
  expect(refused.stdout).not.toContain("ready");
});

it.each([
  ["bench/run.ts", "--short"],
  ["bench/profile.ts", "--seconds=1"],
])("npm run bench says what is missing when wrk is: %s", async (file, option) => {
  const args = ["scripts/run.mjs", file, option];
  const refused = await run(process.execPath, args, { ...env, PATH: folder });
  expect(refused).toMatchObject({
    code: 1,
    stderr: "\nwrk is not installed: run bench/setup.sh, or `apt-get install wrk`.\n",
  });
});

it.each([
  ["no subject", []],
  ["an unknown option", ["--sub", "alice", "--role", "admin"]],
  ["a claim that is not NAME=JSON", ["--sub", "alice", "--claim", "rate_limit"]],
  ["a claim whose value is not JSON", ["--sub", "alice", "--claim", "billing={"]],
  ["an expiry that is no number", ["--sub", "alice", "--expires", "soon"]],
])("npm run token refuses %s with its usage", async (_what, args) => {
  const refused = await token(...args);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain("usage: npm run --silent token -- --sub NAME");
});

/** The development issuer, and another one with the same keys. */
async function twoIssuers(): Promise<string> {
  const [development]: object[] = JSON.parse(await devIssuers());
  return JSON.stringify([development, { ...development, issuer: SECOND_ISSUER }]);
}

function token(...args: string[]): Promise<Ended> {
  return run("npm", ["run", "--silent", "token", "--", ...args], env);
}

/** What a user pastes: the line that sets TOKEN, the curl that starts, the one that reads, the operator's token. */
function printedCommands(output: string): string[] {
  const banner = output.slice(output.indexOf("Edge Actions is ready on"));
  // A command is a run of indented lines, followed by an empty one.
  return banner.match(/^(?: {2}.*\n)+/gm) ?? [];
}

function shell(script: string): Promise<Ended> {
  return run("sh", ["-c", script], env, folder);
}
