// The settings of a deployment: wrangler.toml's vars, and the few that have no default, from wherever they can be had.
// The product itself judges them, before anything is touched.
import { parseSettings, SETTING_NAMES, SettingsError } from "../../src/platform/settings.ts";
import { Failure } from "../failure.ts";
import { describeUnknown, isSlip } from "../setting-names.ts";

/** Of one variable or secret, as developers.cloudflare.com/workers/platform/limits has it. */
export const MAX_VARIABLE_BYTES = 5 * 1024;

type Texts = Record<string, string>;
type Vars = Record<string, unknown>;

export type Given = {
  /** Variables of the shell. */
  shell: Readonly<Record<string, string | undefined>>;
  /** The environment's vars in wrangler.toml. */
  vars: Readonly<Vars>;
  /** What the running Worker was deployed with. */
  deployed: Readonly<Record<string, string | undefined>>;
  /** Secrets that it has. */
  secrets: ReadonlySet<string>;
  hasUpstreamBinding: boolean;
};

export type Chosen = {
  vars: Vars;
  /** To be set: those that the Worker does not have. */
  secrets: Texts;
  /** Where each of those without a default is from. */
  sources: Texts;
  /** In words, each beginning with its name. */
  missing: string[];
  bad: string[];
  /** Of the environment, in words: given, and of no effect. */
  ignored: string[];
  /** Names of settings that run now, and will not. */
  removed: string[];
  /** Whether the signing keys are new ones, of which there is no copy. */
  makesSigningKeys: boolean;
};

/** Asks the user who deploys; null without a terminal. */
export type Ask = ((name: string, meaning: string, isSecret: boolean) => Promise<string>) | null;

/**
 * Without a default, or saying which of those are needed. What is not given again stays as it was deployed; an empty one
 * in wrangler.toml takes it off.
 */
const MEANINGS: Texts = {
  PUBLIC_URL: "where the outside reaches the gateway, https://…",
  JWT_ISSUERS: "JSON array of the issuers whose tokens count",
  UPSTREAM_URL: "the backend that runs the actions",
  UPSTREAM_AUTH: "gateway or caller",
  ACCESS_TEAM_DOMAIN: "of Cloudflare Access, for operators",
  ACCESS_AUD: "of Cloudflare Access, for operators",
};
const SECRETS: Texts = {
  SIGNING_KEYS: "JWK set of the gateway's own keys",
  UPSTREAM_TOKEN: "bearer of background reads at the upstream",
  COMPLETION_TOKEN: "bearer with which the upstream proves its completions",
  OPERATOR_WEBHOOK_URL: "where operators are told of what breaks, https://…",
};
export const SECRET_NAMES = Object.keys(SECRETS);

/** `signingKeys` are used where the Worker has none, and none are given. */
export async function chooseSettings(given: Given, signingKeys: string, ask: Ask): Promise<Chosen> {
  const { vars, sources } = foundVars(given);
  const secrets = newSecrets(given, signingKeys);
  // A set that cannot be read is judged by the one that would be in its place.
  const all = (): Vars => ({ SIGNING_KEYS: signingKeys, ...vars, ...secrets });
  if (ask !== null) {
    for (const name of needed(given, all())) {
      const answer = await askFor(name, all(), ask);
      (name in SECRETS ? secrets : vars)[name] = answer;
      sources[name] = "your answer";
    }
  }
  const missing = needed(given, all());
  const bad = [...misplaced(given), ...findProblems(all())].filter(
    (problem) => !missing.includes(firstWord(problem)),
  );
  return {
    vars,
    secrets,
    sources,
    missing: missing.map((name) => `${name}: ${findMeaning(name)}`),
    bad,
    ignored: findIgnored(given),
    removed: Object.keys(given.deployed).filter(
      (name) => given.deployed[name] !== undefined && vars[name] === undefined,
    ),
    makesSigningKeys: secrets["SIGNING_KEYS"] === signingKeys,
  };
}

function findIgnored({ shell, vars, secrets }: Given): string[] {
  const isGiven = (name: string) => Boolean(shell[name]) && shell[name] !== String(vars[name]);
  const others = SETTING_NAMES.filter((name) => !(name in MEANINGS) && !(name in SECRETS));
  const slips = Object.keys(shell).filter((name) => Boolean(shell[name]) && isSlip(name));
  return [
    ...describeAll("wrangler.toml", Object.keys(vars)),
    ...describeAll("environment", slips),
    ...others.filter(isGiven).map((name) => `${name} (environment): this one comes from wrangler.toml alone`),
    ...SECRET_NAMES.filter((name) => isGiven(name) && secrets.has(name)).map(
      (name) =>
        `${name} (environment): the Worker has this secret; \`wrangler secret put ${name}\` changes it`,
    ),
  ];
}

/** The gateway itself takes no notice of a name that it does not know. */
function describeAll(where: string, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const what = describeUnknown(name);
    return what === null ? [] : [`${where}: ${what}`];
  });
}

/** Throws Failure when one is bad, or missing where all are needed. */
export function requireGood({ missing, bad }: Chosen, mayMiss: boolean): void {
  const lines = [...bad, ...(mayMiss ? [] : missing.map((line) => `${line} (missing)`))];
  if (lines.length === 0) return;
  const advice = "set them in the environment, or as vars in wrangler.toml (README, Settings)";
  throw new Failure(`nothing has been touched, for these settings; ${advice}:\n  ${lines.join("\n  ")}`);
}

function foundVars(given: Given): { vars: Vars; sources: Texts } {
  const found: Vars = Object.fromEntries(Object.entries(given.vars).filter(([, value]) => value !== ""));
  const sources: Texts = {};
  for (const name of Object.keys(MEANINGS)) {
    const [source, value] = findValue(name, given);
    if (value === undefined || value === "") continue;
    found[name] = value;
    sources[name] = source;
  }
  return { vars: found, sources };
}

function findValue(name: string, { shell, vars, deployed, hasUpstreamBinding }: Given): [string, unknown] {
  // Where CI has no value for a variable, it is an empty one. In wrangler.toml an empty one means that there is none.
  if (shell[name]) return ["environment", shell[name]];
  if (vars[name] !== undefined) return ["wrangler.toml", vars[name]];
  // It would win over the binding, which is the newer of the two.
  if (name === "UPSTREAM_URL" && hasUpstreamBinding) return ["wrangler.toml", undefined];
  return ["as deployed", deployed[name]];
}

// One that the Worker has stays as it is: it cannot be read, so the command could not say whether it would change.
function newSecrets({ shell, secrets }: Given, signingKeys: string): Texts {
  const values: Texts = { SIGNING_KEYS: signingKeys };
  for (const name of SECRET_NAMES) if (shell[name]) values[name] = shell[name];
  return Object.fromEntries(Object.entries(values).filter(([name]) => !secrets.has(name)));
}

function needed({ secrets, hasUpstreamBinding }: Given, all: Vars): string[] {
  const names = ["PUBLIC_URL", "JWT_ISSUERS"];
  if (!hasUpstreamBinding) names.push("UPSTREAM_URL");
  if (all["UPSTREAM_AUTH"] === "caller" && !secrets.has("UPSTREAM_TOKEN")) names.push("UPSTREAM_TOKEN");
  return names.filter((name) => all[name] === undefined || all[name] === "");
}

async function askFor(name: string, others: Vars, ask: NonNullable<Ask>): Promise<string> {
  let hint = findMeaning(name);
  for (;;) {
    const answer = await ask(name, hint, name in SECRETS);
    const problem = findProblems({ ...others, [name]: answer }).find((each) => firstWord(each) === name);
    if (answer !== "" && problem === undefined) return answer;
    hint = problem?.slice(name.length + 1) ?? findMeaning(name);
  }
}

function misplaced({ vars }: Given): string[] {
  return SECRET_NAMES.filter((name) => name in vars).map(
    (name) => `${name} is a secret, and stands in wrangler.toml`,
  );
}

/** The product's own judgement, and what only a deployment must keep to. */
function findProblems(all: Vars): readonly string[] {
  const { PUBLIC_URL: publicUrl } = all;
  const isPlain = typeof publicUrl === "string" && /^http:/i.test(publicUrl);
  const ours = [...(isPlain ? ["PUBLIC_URL must be https"] : []), ...tooLarge(all)];
  try {
    parseSettings(all);
    return ours;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return [...error.problems, ...ours];
  }
}

/** The platform would refuse it when everything else is made. */
function tooLarge(all: Vars): string[] {
  return Object.entries(all).flatMap(([name, value]) => {
    const bytes = Buffer.byteLength(String(value));
    if (bytes <= MAX_VARIABLE_BYTES) return [];
    return [
      `${name} has ${bytes} bytes, and the platform takes at most ${MAX_VARIABLE_BYTES} of one variable`,
    ];
  });
}

function findMeaning(name: string): string {
  return MEANINGS[name] ?? SECRETS[name] ?? "";
}

function firstWord(text: string): string {
  return text.split(" ")[0] ?? "";
}
