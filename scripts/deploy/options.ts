import { parseArgs } from "node:util";
import { isHttpUrl } from "../http-url.ts";

const USAGE = `usage: npm run deploy -- [--env production|staging] [--dry-run] [--check-url URL] [--check-seconds N]
  --dry-run          prints what would be done, and changes nothing
  --check-url        where to look for /readyz, if PUBLIC_URL does not lead to the Worker yet
  --check-seconds    how long to wait for it, 120 by default`;

export type Options = ReturnType<typeof parseOptions>;

export class UsageError extends Error {
  constructor(problem: string) {
    super(`${problem}\n${USAGE}`);
  }
}

/** Ends the process when they make no sense. */
export function readOptions(args: string[]): Options {
  try {
    return parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return process.exit(2);
  }
}

/** Throws UsageError. */
export function parseOptions(args: string[]) {
  const { env, "dry-run": isDryRun, "check-url": checkUrl, "check-seconds": seconds } = parsed(args);
  // To wrangler an empty one is wrangler.toml's top level, which is for development.
  if (env === "") throw new UsageError("--env takes the name of an environment");
  if (!/^\d{1,4}$/.test(seconds)) throw new UsageError("--check-seconds takes a whole number of seconds");
  if (checkUrl !== undefined && !isHttpUrl(checkUrl)) throw new UsageError("--check-url takes a URL");
  const origin = checkUrl === undefined ? null : new URL(checkUrl).origin;
  return { environment: env, isDryRun, checkUrl: origin, checkSeconds: Number(seconds) };
}

function parsed(args: string[]) {
  const options = {
    env: { type: "string", default: "production" },
    "dry-run": { type: "boolean", default: false },
    "check-url": { type: "string" },
    "check-seconds": { type: "string", default: "120" },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
