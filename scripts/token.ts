// npm run --silent token -- --sub alice [--scope external] [--expires 300] [--claim 'NAME=JSON'] …
// Prints one token of the development issuer, and nothing else.
import { parseArgs } from "node:util";
import { devToken } from "./dev-token.ts";

const USAGE =
  "usage: npm run --silent token -- --sub NAME [--scope external] [--expires SECONDS] [--claim 'NAME=JSON'] …";

function fail(message: string): never {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        sub: { type: "string" },
        scope: { type: "string", default: "external" },
        expires: { type: "string", default: "300" },
        claim: { type: "string", multiple: true, default: [] },
      },
    }).values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function parseClaim(text: string): [string, unknown] {
  const [, name, json] = /^([^=]+)=(.*)$/s.exec(text) ?? fail(`--claim ${text} is not NAME=JSON`);
  try {
    return [name ?? "", JSON.parse(json ?? "")];
  } catch {
    return fail(`--claim ${name}: its value is not JSON (a string needs its quotes)`);
  }
}

const { sub, scope, expires, claim } = readArguments();
if (sub === undefined || sub === "") fail("--sub is required");
if (!/^-?\d{1,9}$/.test(expires)) fail("--expires takes a whole number of seconds");
const claims = Object.fromEntries(claim.map(parseClaim));
console.log(await devToken({ sub, scope, expiresSeconds: Number(expires), claims }));
