// What `npm start` refuses of the settings that it is given, and what it only warns of.
import { describe, expect, it } from "vitest";
import { parseEnvFile } from "../../scripts/start/env-file.ts";
import { describeStrayLines, findFileProblems, findVarProblems } from "../../scripts/start/given-settings.ts";

describe("--var", () => {
  it.each([
    ["READ_LIMIT:5", []],
    ["READ_LIMIT:", []],
    ["READ_LIMTI:5", ["READ_LIMTI is not a setting. Did you mean READ_LIMIT?"]],
    ["read_limit:5", ["read_limit is not a setting. Did you mean READ_LIMIT?"]],
    ["MAX_INFLIGHT:5", ["MAX_INFLIGHT is not a setting. Did you mean MAX_IN_FLIGHT?"]],
    ["KV:5", ['KV is not a setting. README, "Settings", has all of them.']],
    ["toString:5", ['toString is not a setting. README, "Settings", has all of them.']],
    ["READ_LIMIT", ["--var READ_LIMIT is not NAME:VALUE."]],
    ["UPSTREAM_TOKEN=hunter2", ["--var UPSTREAM_TOKEN=… is not NAME:VALUE."]],
  ])("%s", (given, problems) => {
    expect(findVarProblems(["--var", given, "--port", "9000"])).toEqual(problems);
  });
});

describe("--env-file", () => {
  it.each([
    ["A=1\nB = 2\n", { A: "1", B: "2" }],
    ["\uFEFFA=1\r\nB=2", { A: "1", B: "2" }],
    ["export A=1 # a comment\n# B=2\n\n", { A: "1" }],
    ["A: 1", { A: "1" }],
    ["A=", { A: "" }],
    [`A='{"keys":\n[]}'\nB="x\\ny"`, { A: '{"keys":\n[]}', B: "x\ny" }],
    ["A=http://127.0.0.1:9000/a=b", { A: "http://127.0.0.1:9000/a=b" }],
  ])("%j is settings through and through", (text, settings) => {
    expect(parseEnvFile(text)).toEqual({ settings, strayLines: [] });
  });

  it("names each line that is no assignment, without what stands in it", () => {
    const file = { path: "a.env", ...parseEnvFile("READ_LIMIT 5\n\nMAX_BODY_BYTES='1\n0'\nhunter2\nA=1\n") };
    expect(file.settings).toEqual({ MAX_BODY_BYTES: "1\n0", A: "1" });
    expect(describeStrayLines(file)).toEqual([
      "Lines 1, 5 of --env-file a.env are not NAME=VALUE and have no effect.",
    ]);
    expect(describeStrayLines({ path: "b.env", strayLines: [2] })).toEqual([
      "Line 2 of --env-file b.env is not NAME=VALUE and has no effect.",
    ]);
    expect(describeStrayLines({ path: "c.env", strayLines: [] })).toEqual([]);
  });

  it("may have variables of wrangler's beside settings, and nothing else", () => {
    const settings = { READ_LIMIT: "5", CLOUDFLARE_API_TOKEN: "t", WRANGLER_LOG: "debug", READ_LIMTI: "5" };
    expect(findFileProblems({ path: "a.env", settings })).toEqual([
      "--env-file a.env: READ_LIMTI is not a setting. Did you mean READ_LIMIT?",
    ]);
  });
});
