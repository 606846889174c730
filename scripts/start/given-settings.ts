// The settings that the gateway will run with, known before it is started, so that a bad one costs no time.
import { readFile } from "node:fs/promises";
import { parseSettings, type Settings, SettingsError } from "../../src/platform/settings.ts";
import { devSettings } from "../dev-keys.ts";
import { Failure } from "../failure.ts";
import { describeUnknown } from "../setting-names.ts";
import { type EnvFile, parseEnvFile } from "./env-file.ts";
import { findMalformedVars, listOption, parseVars } from "./options.ts";

type Texts = Record<string, string>;

type GivenSettings = {
  settings: Settings;
  /** Those of development, under everything that was given. */
  development: Texts;
  /** Those that start sets because nothing else was given, and that differ between two gateways started at once. */
  own: Texts;
  /** What is wrong with the files, and no reason to stop. */
  warnings: readonly string[];
};

type EnvFileAtPath = EnvFile & { path: string };

/** wrangler takes variables of its own from the same files. */
const OF_WRANGLER = /^(?:CLOUDFLARE|WRANGLER)_/;

/** In wrangler's order: `--var` wins over `--env-file`, and of several files the last one. */
export async function readSettings(args: readonly string[], origin: string): Promise<GivenSettings> {
  const files = await Promise.all(listOption(args, "--env-file").map(readEnvFile));
  const given: Texts = Object.assign({}, ...files.map(({ settings }) => settings), parseVars(args));
  const development = await devSettings();
  const own = chooseOwn(given, origin);
  const problems = [...findVarProblems(args), ...files.flatMap(findFileProblems)];
  const settings = parse({ ...development, ...own, ...given }, problems);
  return { settings, development, own, warnings: files.flatMap(describeStrayLines) };
}

export function settingsFailure(problems: readonly string[]): Failure {
  const lines = problems.length > 0 ? problems : ["The log names them: npm start -- --verbose"];
  return new Failure(["The gateway cannot run with these settings:", ...lines].join("\n  "));
}

/** The gateway itself takes no notice of a name that it does not know: there it may be a binding's. */
export function findVarProblems(args: readonly string[]): string[] {
  const malformed = findMalformedVars(args).map((text) => `--var ${text} is not NAME:VALUE.`);
  const unknown = Object.keys(parseVars(args)).map(describeUnknown);
  return [...malformed, ...unknown.filter((problem) => problem !== null)];
}

export function findFileProblems({ path, settings }: Pick<EnvFileAtPath, "path" | "settings">): string[] {
  const names = Object.keys(settings).filter((name) => !OF_WRANGLER.test(name));
  const unknown = names.map(describeUnknown).filter((problem) => problem !== null);
  return unknown.map((problem) => `--env-file ${path}: ${problem}`);
}

export function describeStrayLines({
  path,
  strayLines,
}: Pick<EnvFileAtPath, "path" | "strayLines">): string[] {
  if (strayLines.length === 0) return [];
  const where = strayLines.length === 1 ? "Line" : "Lines";
  const what = strayLines.length === 1 ? "is not NAME=VALUE and has" : "are not NAME=VALUE and have";
  return [`${where} ${strayLines.join(", ")} of --env-file ${path} ${what} no effect.`];
}

/** Throws a Failure with all that is bad, what was found before included. */
function parse(vars: Texts, found: readonly string[]): Settings {
  const problems = [...found];
  try {
    const settings = parseSettings(vars);
    if (problems.length === 0) return settings;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    problems.push(...error.problems);
  }
  throw settingsFailure(problems);
}

function chooseOwn(given: Texts, origin: string): Texts {
  const own: Texts = {};
  // Background work has no request to take an origin from.
  if (given["PUBLIC_URL"] === undefined) own["PUBLIC_URL"] = origin;
  // Private callbacks, a default of development, would be refused there.
  const isSecure = given["PUBLIC_URL"]?.startsWith("https:") ?? false;
  if (isSecure && given["ALLOW_PRIVATE_CALLBACKS"] === undefined) own["ALLOW_PRIVATE_CALLBACKS"] = "false";
  return own;
}

async function readEnvFile(path: string): Promise<EnvFileAtPath> {
  try {
    return { path, ...parseEnvFile(await readFile(path, "utf8")) };
  } catch (error) {
    throw new Failure(`--env-file ${path} cannot be read.`, { cause: error });
  }
}
