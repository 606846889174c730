// The programs on docs/calling.md, in TypeScript and in Python, against a gateway, as they stand there. What is in `sh` is run by
// documented-commands.test.ts.
import { randomUUID } from "node:crypto";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { devToken } from "../../scripts/dev-token.ts";
import { buildClient } from "./support/built-client.ts";
import { PROJECT, withOwnPrograms } from "./support/environment.ts";
import { forFile, gatewayWith, userFolder } from "./support/opened.ts";
import { run } from "./support/run.ts";
import { readSnippets, splitOutput, toProgram } from "./support/snippets.ts";

const PAGE = "docs/calling.md";
const NOTHING = /^$/;
const AN_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\n$/;
const A_STATE = /^(?:waiting|retrying)\n$/;
const REFUSED = /^400 bad_request \/data\/callback_url \S+\n$/;
const CHARGES = /^(?:[0-9a-f-]{36} 1\n)*$/;
const CLIENT = "node_modules/edge-actions-client";

const gateway = await forFile(gatewayWith());
const { folder, env } = await userFolder();
await symlink(join(PROJECT, "node_modules"), join(folder, "node_modules"));

async function environment(): Promise<Record<string, string>> {
  const claims = { billing: '{"is_billable":true}' };
  const token = await devToken({
    sub: `user-${randomUUID()}`,
    scope: "external",
    expiresSeconds: 600,
    claims,
  });
  return { ...withOwnPrograms(env), GATEWAY: gateway.url, TOKEN: token };
}

it("in TypeScript, with the client as it is built, strictly typed", async () => {
  const app = join(folder, "app");
  await buildClient(join(app, CLIENT), env);
  const snippets = readSnippets(PAGE, "ts");
  await writeFile(join(app, "program.ts"), toProgram(snippets, "console.log"));
  await writeFile(join(app, "package.json"), '{"type":"module"}');
  const compilerOptions = { strict: true, target: "es2022", module: "nodenext", types: ["node"] };
  await writeFile(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
  const compiled = await run("npx", ["--no-install", "tsc", "-p", "."], env, app);
  expect(compiled).toMatchObject({ code: 0, stdout: "" });
  const ended = await run("node", ["program.js"], await environment(), app);
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expectPrinted(splitOutput(snippets, ended.stdout), {
    "Set up 1": NOTHING,
    "Start 1": AN_ID,
    "Start 2": /^success\n$/,
    "Wait for the result 1": /^\[ \{ message: 'Hello' \} \]\n$/,
    "Get a callback 1": A_STATE,
    "Repeat after a failure 1": /^true true\n$/,
    "Limits and back-off 1": /^success\n$/,
    "Errors 1": REFUSED,
    "Usage 1": /^200 null run_id,/,
  });
});

it("in Python, with its standard library", async () => {
  const snippets = readSnippets(PAGE, "python");
  await writeFile(join(folder, "program.py"), toProgram(snippets, "print"));
  const ended = await run("/usr/bin/python3", ["program.py"], await environment(), folder);
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expectPrinted(splitOutput(snippets, ended.stdout), {
    "Set up 1": NOTHING,
    "Start 1": AN_ID,
    "Wait for the result 1": /^\[\{'message': 'Hello'\}\]\n$/,
    "Get a callback 1": A_STATE,
    "Repeat after a failure 1": /^True\n$/,
    "Errors 1": REFUSED,
    "Usage 1": CHARGES,
  });
});

/** Every block has its row, and every row its block. */
function expectPrinted(printed: Record<string, string>, expected: Record<string, RegExp>): void {
  expect(printed).toEqual(
    Object.fromEntries(Object.entries(expected).map(([name, shape]) => [name, expect.stringMatching(shape)])),
  );
}
