// The settings that the gateway will run with, known before it is started, so that a bad one costs no time.
import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { parseSettings, type Settings, SettingsError } from "../../src/settings.ts";
import { devSettings } from "../dev-keys.ts";
import { Failure } from "../failure.ts";
import { listOption, parseVars } from "./options.ts";

type Texts = Record<string, string>;

type GivenSettings = {
  settings: Settings;
  /** Those of development, under everything that was given. */
  development: Texts;
  /** Those that start sets because nothing else was given, and that differ between two gateways started at once. */
  own: Texts;
};

/** In wrangler's order: `--var` wins over `--env-file`, and of several files the last one. */
export async function readSettings(args: readonly string[], origin: string): Promise<GivenSettings> {
  const files = await Promise.all(listOption(args, "--env-file").map(readEnvFile));
  const given: Texts = Object.assign({}, ...files, parseVars(args));
  const development = await devSettings();
  const own = chooseOwn(given, origin);
  try {
    return { settings: parseSettings({ ...development, ...own, ...given }), development, own };
  } catch (error) {
    throw error instanceof SettingsError ? settingsFailure(error.problems) : error;
  }
}

export function settingsFailure(problems: readonly string[]): Failure {
  const lines = problems.length > 0 ? problems : ["The log names them: npm start -- --verbose"];
  return new Failure(["The gateway cannot run with these settings:", ...lines].join("\n  "));
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

async function readEnvFile(file: string): Promise<NodeJS.Dict<string>> {
  try {
    return parseEnv(await readFile(file, "utf8"));
  } catch (error) {
    throw new Failure(`--env-file ${file} cannot be read.`, { cause: error });
  }
}
