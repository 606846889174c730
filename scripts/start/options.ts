// What `npm start` was given behind `--`. All but --verbose goes on to wrangler dev; what start itself has to know is read
// here the way wrangler reads it.

export type StartOptions = {
  /** Show everything as wrangler prints it. */
  isVerbose: boolean;
  forWrangler: readonly string[];
};

export const HIGHEST_PORT = 65_535;
const VERBOSE = "--verbose";
/** Listening there is listening on all addresses of the machine; not all systems take them as a destination. */
const EVERY_ADDRESS = new Set(["*", "0.0.0.0", "::"]);

export function parseStartOptions(args: readonly string[]): StartOptions {
  return {
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
  const pairs = listOption(args, "--var").map((text): [string, string] => {
    const colon = text.indexOf(":");
    return colon === -1 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
  });
  return Object.fromEntries(pairs);
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
