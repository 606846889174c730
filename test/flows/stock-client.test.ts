// A client that knows nothing of this project but /openapi.json: types made from it, and a stock client that uses them.
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import openapiTypes, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";
import { Caller, ECHO } from "./support/caller.ts";
import { PROJECT } from "./support/environment.ts";
import { forFile, gatewayWith, userFolder } from "./support/opened.ts";
import { run } from "./support/run.ts";

const PROGRAM = `
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

declare const process: { argv: string[] };
declare const console: { log(text: string): void };

const [, , baseUrl = "", token = "", stored_action_id = ""] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { Authorization: "Bearer " + token } });

const started = await client.POST("/actions/v1/stored-actions/{stored_action_id}/run", {
  params: { path: { stored_action_id } },
  body: { data: { inputs: { message: "Hello World!" }, page: "0" } },
});
if (started.error !== undefined) throw new Error(started.error.errors?.[0]?.detail);
const run_id: string | undefined = started.data.data?.id;
if (run_id === undefined) throw new Error("no id");

const read = await client.GET("/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}", {
  params: { path: { stored_action_id, run_id }, query: { wait_seconds: 10 } },
});
if (read.error !== undefined) throw new Error("no result");
const status: "waiting" | "success" | "error" = read.data.status;
console.log(JSON.stringify({ status, results: read.data.results }));

const oneOff = await client.POST("/actions/v1/runs", { body: { data: { action_key: "send", inputs: { n: 1 } } } });
const one_off_id = oneOff.data?.data?.id ?? "";
const oneOffRead = await client.GET("/actions/v1/runs/{run_id}", {
  params: { path: { run_id: one_off_id }, query: { wait_seconds: 10 } },
});
console.log(JSON.stringify(oneOffRead.data?.data.results));

const refused = await client.POST("/actions/v1/stored-actions/{stored_action_id}/run", {
  params: { path: { stored_action_id } },
  // @ts-expect-error -- a page is text
  body: { data: { page: 0 } },
});
const code: string | undefined = refused.error?.errors?.[0]?.code;
console.log(code + " " + refused.response.status);
`;

const gateway = await forFile(gatewayWith());
const { folder, env } = await userFolder();
await symlink(join(PROJECT, "node_modules"), join(folder, "node_modules"));

it("types from /openapi.json compile strictly, and a client with them starts and reads a run", async () => {
  const types = astToString(await openapiTypes(new URL("/openapi.json", gateway.url)));
  await writeFile(join(folder, "api.d.ts"), types);
  await writeFile(join(folder, "program.ts"), PROGRAM);
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  const compilerOptions = { strict: true, target: "es2022", module: "nodenext", types: [] };
  const config = { compilerOptions, files: ["program.ts"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const compiled = await run("npx", ["--no-install", "tsc", "-p", "."], env, folder);
  expect(compiled).toMatchObject({ code: 0, stdout: "" });

  const { token } = await Caller.of(gateway.url);
  const ended = await run("node", ["program.js", gateway.url, token, ECHO], env, folder);
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expect(ended.stdout.trim().split("\n")).toEqual([
    '{"status":"success","results":[{"message":"Hello World!"}]}',
    '[{"n":1}]',
    "bad_request 400",
  ]);
});
