import { parseArgs } from "node:util";
import { Failure } from "../failure.ts";
import { isHttpUrl } from "../http-url.ts";

/** `url`: an origin; `token`: an operator's; `cursor`: empty from the beginning. */
export type ReindexOptions = ReturnType<typeof parseReindexOptions>;

const USAGE = "usage: npm run reindex -- --url https://… --token TOKEN [--cursor CURSOR]";
const text = { type: "string" } as const;

/** Throws a Failure, or what `parseArgs` throws. */
export function parseReindexOptions(args: string[]) {
  const { values } = parseArgs({ args, options: { url: text, token: text, cursor: text } });
  const { url = "", token = "", cursor = "" } = values;
  if (url === "") throw new Failure(`--url is required\n${USAGE}`);
  if (!isHttpUrl(url)) throw new Failure(`--url ${url} is no http URL`);
  if (token === "") throw new Failure(`--token is required\n${USAGE}`);
  return { url: url.replace(/\/+$/, ""), token, cursor };
}
