// What the platform refuses at the upload, in the real wrangler's words: `npm run deploy` looks for their codes.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { explainRefusal } from "../../scripts/deploy/refusals.ts";
import { WranglerFailed } from "../../scripts/deploy/wrangler.ts";
import { FakeAccount } from "./support/account.ts";
import { forFile, userFolder } from "./support/opened.ts";
import { run } from "./support/run.ts";

const { folder, env } = await userFolder();
const account = await forFile(FakeAccount.listen());
await writeFile(join(folder, "worker.js"), "export default { fetch: () => new Response() };");

it.each([
  { code: 10_089, has: { analytics_engine_datasets: [{ binding: "METRICS", dataset: "a_dataset" }] } },
  { code: 10_054, has: { vars: { JWT_ISSUERS: "x".repeat(5121) } } },
])("an upload that is refused with $code is explained", async ({ code, has }) => {
  account.hasAnalyticsEngine = false;
  const config = { name: "a-worker", main: "worker.js", compatibility_date: "2026-10-01", ...has };
  await writeFile(join(folder, "wrangler.json"), JSON.stringify(config));
  const args = ["--no-install", "wrangler", "deploy", "--config", join(folder, "wrangler.json")];
  const ended = await run("npx", args, { ...env, ...account.environment, HOME: folder, CI: "true" });
  const output = `${ended.stdout}${ended.stderr}`;
  expect(ended.code, output).not.toBe(0);
  expect(output).toContain(`[code: ${code}]`);
  expect(explainRefusal(new WranglerFailed(args, output))).toHaveProperty("cause.output", output);
  expect(account.workers.size).toBe(0);
});
