// What the tests of `npm run deploy` give it, and how they read what it prints.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "./environment.ts";

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
