// What the tests of `npm run deploy` give it, and how they read what it prints.
import { readdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { documentedCommands } from "./documents.ts";
import { type Environment, PROJECT } from "./environment.ts";
import { run } from "./run.ts";

export const STAGING = {
  PUBLIC_URL: "https://edge-actions-staging.example.workers.dev",
  UPSTREAM_URL: "https://upstream-staging.example.com",
  JWT_ISSUERS: issuersFor("edge-actions-staging"),
};
export const PRODUCTION = {
  PUBLIC_URL: "https://actions.example.com",
  UPSTREAM_URL: "https://upstream.example.com",
  JWT_ISSUERS: issuersFor("edge-actions"),
};

export const ACCESS = { ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com", ACCESS_AUD: "32f2" };

/** The steps in what it has printed, one blank between the words. */
export function stepsIn(output: string): string[] {
  const lines = output.split("\n").filter((line) => line.startsWith("  "));
  return lines.map((line) =>
    line
      .trim()
      .replaceAll(/ +/g, " ")
      .replace(/\d+\.\d+\.\d+-[0-9a-f]{16}$/, "TAG"),
  );
}

export async function migrations(): Promise<string[]> {
  return (await readdir(join(PROJECT, "migrations"))).toSorted();
}

function issuersFor(audience: string): string {
  const issuer = "https://login.example.com";
  const jwksUri = `${issuer}/.well-known/jwks.json`;
  return JSON.stringify([{ issuer, audience, algorithms: ["ES256"], jwks_uri: jwksUri }]);
}

/** What each deployment of the page finds in its environment, when one shell is given all of it in turn. */
export async function documentedSettings(folder: string): Promise<Record<string, Environment>> {
  const commands = documentedCommands().filter(
    ({ page, text }) =>
      page === "docs/deploying.md" &&
      /^export |^(?:PUBLIC_URL=.* )?npm run deploy(?: -- --env \w+)?$/.test(text),
  );
  const names = Object.keys(STAGING);
  const values = names.map((name) => `"$${name}"`).join(" ");
  await writeFile(join(folder, "npm"), `#!/bin/sh\nprintf '%s\\n' "$*" ${values}\n`, { mode: 0o755 });
  const script = commands.filter(({ isInline }) => !isInline).map(({ text }) => text);
  const { stdout } = await run("sh", ["-c", script.join("\n")], {
    PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}`,
  });
  const lines = stdout.trimEnd().split("\n");
  const deployments = lines.flatMap((line, at): [string, Environment][] => {
    const given = names.map((name, index): [string, string] => [name, lines[at + 1 + index] ?? ""]);
    return line.startsWith("run ") ? [[line, Object.fromEntries(given)]] : [];
  });
  return Object.fromEntries(deployments);
}
