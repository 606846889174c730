// What `npm start` was given behind `--`. All but --verbose goes on to wrangler dev; what start itself has to know is read
// here the way wrangler reads it.
import { Failure } from "../failure.ts";

export type StartOptions = {
  asksForHelp: boolean;
  /** Show everything as wrangler prints it. */
  isVerbose: boolean;
  forWrangler: readonly string[];
};

export const USAGE = `npm start [-- OPTIONS]
runs the gateway for development, with the sandbox as its upstream.

  --verbose            shows everything that wrangler prints
  --port PORT          where it listens, 8787 by default
  --ip ADDRESS         on which address, 127.0.0.1 by default
  --persist-to FOLDER  where its state is kept, .dev/state by default
  --var NAME:VALUE     a setting (README, "Settings"); may stand more than once
  --env-file FILE      settings, as lines NAME=VALUE; --var wins over them
  --help               shows this

Every other option goes to wrangler dev, and \`npx wrangler dev --help\` lists them.`;

export const HIGHEST_PORT = 65_535;
const VERBOSE = "--verbose";
const HELP = new Set(["--help", "-h"]);
const ENVIRONMENT = /^(?:--env(?:=|$)|-e)/;
/** Listening there is listening on all addresses of the machine; not all systems take them as a destination. */
const EVERY_ADDRESS = new Set(["*", "0.0.0.0", "::"]);

/** Throws a Failure for an option that makes no sense here. */
export function parseStartOptions(args: readonly string[]): StartOptions {
  if (args.some((argument) => ENVIRONMENT.test(argument)))
    throw new Failure(
      "npm start runs the development configuration, so it takes no --env; npm run deploy takes one.",
    );
  return {
    asksForHelp: args.some((argument) => HELP.has(argument)),
    isVerbose: args.includes(VERBOSE),
    forWrangler: args.filter((argument) => argument !== VERBOSE),
  };
}

/** The value of `--name VALUE` or `--name=VALUE`; of several the last. */
export function findOption(args: readonly string[], name: string): string | null {
  return listOption(args, name).at(-1) ?? null;
}

/** All values of an option that takes several: `--name A B --name=C`. */
export function listOption(args: readonly string[], name: string): string[] {
  const values: string[] = [];
  let isOpen = false;
  for (const argument of args) {
    if (argument.startsWith("-")) {
      isOpen = argument === name || argument.startsWith(`${name}=`);
      if (argument.startsWith(`${name}=`)) values.push(argument.slice(name.length + 1));
    } else if (isOpen) {
      values.push(argument);
    }
  }
  return values;
}

/** Settings given as `--var NAME:VALUE`. */
export function parseVars(args: readonly string[]): Record<string, string> {
  const vars = listOption(args, "--var").filter((text) => text.includes(":"));
  return Object.fromEntries(
    vars.map((text): [string, string] => {
      const colon = text.indexOf(":");
      return [text.slice(0, colon), text.slice(colon + 1)];
    }),
  );
}

/** What `--var` was given that is no NAME:VALUE, without the value of NAME=VALUE, which may be a secret. */
export function findMalformedVars(args: readonly string[]): string[] {
  const malformed = listOption(args, "--var").filter((text) => !text.includes(":"));
  return malformed.map((text) => text.replace(/=.*/s, "=…"));
}

/** Not 0: that is a port of wrangler's choice, and start would not know which. */
export function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= HIGHEST_PORT;
}

/** Where this machine reaches what listens at this address; an IPv6 address stands in brackets in a URL. */
export function toOrigin(host: string, port: string): string {
  if (EVERY_ADDRESS.has(host)) return `http://127.0.0.1:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
