// Every command that the documents name is run as it stands there, and what comes of it is looked at; or another file
// runs it, and has the words to show for it. A command without a row here fails, and so does a row without a command.
//
// What differs from the page: what a scene has `replaced`, hosts and ids above all, and options that stand behind the
// page's own (`plus`), to make a command short or to keep it in its place.
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ACCOUNT_ID, API_TOKEN } from "./support/account.ts";
import { ECHO } from "./support/caller.ts";
import { checkOut } from "./support/checkout.ts";
import { CLAIMED, type Claimed } from "./support/claimed-commands.ts";
import { findRow, isMentioned, parseParts } from "./support/command-rows.ts";
import { type Command, documentedCommands, readLines } from "./support/documents.ts";
import { freePort, PROJECT } from "./support/environment.ts";
import { GATEWAY_SCENES, SIGNING_KEYS } from "./support/gateway-scenes.ts";
import { LocalServer } from "./support/local-server.ts";
import { LoginPage } from "./support/login.ts";
import { forFile, userFolder } from "./support/opened.ts";
import { closeScene, openScene, type Played, play } from "./support/scene.ts";
import * as stock from "./support/stocked-account.ts";
import { TOOL_SCENES } from "./support/tool-scenes.ts";

const SCENES = { ...TOOL_SCENES, ...GATEWAY_SCENES };
const ROWS = [...CLAIMED, ...Object.values(SCENES).flat()];
const COMMANDS = documentedCommands();

const { folder } = await userFolder();
const checkout = await checkOut(folder);
await prepareCheckout();
const registry = await forFile(LocalServer.listen((_request, response) => response.end("{}")));
const loginPage = await forFile(LoginPage.listen());
const env = { ...loginPage.environment, ACTION: ECHO, ACCOUNT: ACCOUNT_ID, TOKEN: API_TOKEN };
const [gatewayPort, receiverPort, loginPort] = [await freePort(), await freePort(), await freePort()];
const gateway = `http://127.0.0.1:${gatewayPort}`;
const replaced = new Map([
  ["--port 9000 --persist-to", `--port ${gatewayPort} --persist-to`],
  ["http://127.0.0.1:8787", gateway],
  ["https://actions.example.com", gateway],
  // Where receivers listen.
  ["--port 9000", `--port ${receiverPort}`],
  [":9000/hook", `:${receiverPort}/hook`],
  ["GATEWAY_PORT", `${gatewayPort}`],
  ["LOGIN_PORT", `${loginPort}`],
  // With a token no login is needed.
  ["npx wrangler login", "env -u CLOUDFLARE_API_TOKEN npx wrangler login"],
  ["<the id of edge-actions-flags>", "edge-actions-flags-id"],
  ["'RUN_ID'", `'${stock.RUN_ID}'`],
  ["npm run audit", `npm_config_registry=${registry.url} npm run audit`],
]);

describe("the documents and this table", () => {
  it("no command is without a row", () => {
    const known = COMMANDS.flatMap((command) => {
      const row = findRow(command, ROWS);
      if (row === null) return [];
      return "plus" in row ? `${command.text} ${row.plus}` : command.text;
    });
    const isKnown = (command: Command) => findRow(command, ROWS) !== null || isMentioned(command, known);
    const missing = COMMANDS.filter((command) => !isKnown(command));
    expect(missing.map(({ page, line, text }) => `${page}:${line} ${text}`)).toEqual([]);
  });

  it("no row is without a command", () => {
    const used = new Set(COMMANDS.map((command) => findRow(command, ROWS)));
    expect(ROWS.filter((row) => !used.has(row)).map(({ command }) => command)).toEqual([]);
  });

  it.each(CLAIMED)("$command: other files run it, with every option", ({ command, by, asItStands }) => {
    const files = Object.keys(by).map((file) => readFileSync(join(PROJECT, file), "utf8"));
    const missing = Object.values(by).map((words, at) => words.filter((word) => !files[at]?.includes(word)));
    expect(missing.flat()).toEqual([]);
    const rows = COMMANDS.filter((each) => findRow(each, ROWS)?.command === command);
    const options = rows.flatMap(({ text }) => [...parseParts(text).options]);
    const unknown = options.filter((option) => !new RegExp(`${option}(?![\\w-])`).test(files.join("\n")));
    expect(asItStands ? [] : unknown).toEqual([]);
  });
});

describe.concurrent("run as documented", () => {
  it.each(Object.entries(SCENES))("%s", async (name, rows) => {
    const scene = await openScene(checkout, join(folder, name.replaceAll(" ", "-")), env, replaced);
    try {
      for (const row of rows) for (const text of findTexts(row)) await play(row, text, scene);
    } finally {
      await closeScene(scene);
    }
  });
});

/** What stands on several pages once. */
function findTexts(row: Played | Claimed): Set<string> {
  return new Set(COMMANDS.filter((each) => findRow(each, ROWS) === row).map(({ text }) => text));
}

/** What the commands find there, and what some of them have to mend. */
async function prepareCheckout(): Promise<void> {
  const [question = ""] =
    readLines("docs/metrics.md", /./)
      .join("\n")
      .match(/(?<=```sql\n)[^`]*/) ?? [];
  await writeFile(join(checkout, "question.sql"), question);
  await writeFile(join(checkout, "signing-keys.json"), SIGNING_KEYS);
  const script = join(checkout, "scripts/token.ts");
  await writeFile(script, (await readFile(script, "utf8")).replaceAll(/^ {2}/gm, "      "));
}
