// The steps of `npm run deploy`, in their order. All that they touch outside this process is handed in, so that a test can
// run them without an account: wrangler, the shell's variables, the terminal. They themselves write the configuration that
// wrangler gets, and ask the deployed gateway whether it is ready.
import { readdirSync, readFileSync } from "node:fs";
import { Failure } from "../failure.ts";
import { appliedMigrations, checkWorker, hasFlag, NOTHING_RUNS, type Running } from "./account.ts";
import { type AnalyticsEngine, checkAnalyticsEngine, type SendRequest } from "./analytics-engine.ts";
import type { Options } from "./options.ts";
import { type Clock, untilPublished, untilReady } from "./probe.ts";
import { explainRefusal, SWITCH_ON_ANALYTICS } from "./refusals.ts";
import { expectedResources, findAll, make, type Resource, withIds } from "./resources.ts";
import { type Ask, type Chosen, chooseSettings, requireGood, SECRET_NAMES } from "./settings.ts";
import { newSigningKeys } from "./signing-keys.ts";
import { buildTag, bundleFolder, configPath, readTarget, type Target, writeConfig } from "./target.ts";
import { type RunCommand, Wrangler } from "./wrangler.ts";

const MIGRATIONS = "migrations";
const FLAG = "edge_actions_api_rate_limiting_global";
const FLAGS_BINDING = "FLAGS";
const DATABASE_BINDING = "OPERATORS_DB";
const UPSTREAM_BINDING = "UPSTREAM";

export type Surroundings = {
  /** wrangler.toml; from the project's folder, where it is relative. */
  configFile: string;
  /** Takes the configurations and bundles; from the project's folder, where it is relative. */
  folder: string;
  /** Runs wrangler's commands with this configuration. */
  wranglerWith: (configFile: string) => RunCommand;
  shell: Readonly<Record<string, string | undefined>>;
  ask: Ask;
  clock: Clock;
  fetch: SendRequest;
  print: (line: string) => void;
};

/** Everything that each step needs to know. */
type Deployment = {
  report: Report;
  wrangler: Wrangler;
  target: Target;
  running: Running;
  /** As they were found. */
  resources: readonly Resource[];
  hasFlag: boolean;
  /** Migrations that the operators' index has had. */
  applied: ReadonlySet<string>;
  chosen: Chosen;
  options: Options;
  clock: Clock;
  /** In a dry run: what would happen. */
  would: typeof WOULD;
};

type Report = (did: string, what: string) => void;

const NEW_SIGNING_KEYS =
  "SIGNING_KEYS are made new, and cannot be read back: to keep a copy, stop now and give your own (docs/deploying.md, Secrets)";
const ANALYTICS_STEP: Record<AnalyticsEngine, string> = { on: "is on", off: "missing", unknown: "unknown" };
const WOULD = { create: "would create", apply: "would apply", set: "would set" };
/** Where the command does not know what there is already. */
const MIGHT: typeof WOULD = {
  create: "would create or reuse",
  apply: "would apply or skip",
  set: "would set or keep",
};

export async function deploy(options: Options, surroundings: Surroundings): Promise<void> {
  const deployment = await prepare(options, surroundings);
  const resources = await makeResources(deployment);
  await makeFlag(deployment, resources);
  await migrate(deployment, resources);
  await setSecrets(deployment);
  await upload(deployment, resources);
  await check(deployment);
}

/** Only reads, and finds out whether it can be done at all. */
async function prepare(options: Options, surroundings: Surroundings): Promise<Deployment> {
  const { print, clock } = surroundings;
  const report: Report = (did, what) => print(`  ${did.padEnd(21)} ${what}`);
  const target = readTarget(options.environment, surroundings);
  writeConfig(target);
  const wrangler = new Wrangler(surroundings.wranglerWith(configPath(target)));
  const known = await checkWorker(wrangler);
  if (known === null && !options.isDryRun)
    throw new Failure("not logged in: `npx wrangler login`, or set CLOUDFLARE_API_TOKEN");
  print(`${target.name}, ${target.environment}${options.isDryRun ? ": nothing is changed" : ""}`);
  if (known === null) report("unknown", "what the account has: not logged in");
  const running = known ?? NOTHING_RUNS;
  const chosen = await choose(target, running, options, surroundings);
  reportChoice(chosen, options, report);
  if (known !== null) await needAnalytics({ wrangler, target, running }, options, surroundings, report);
  const expected = expectedResources(target, running.live);
  const [resources] = await Promise.all([
    known === null ? expected : findAll(expected, wrangler),
    wrangler.run(["deploy", "--dry-run", "--outdir", bundleFolder(target)]),
  ]);
  const found = await findInside({ wrangler, target, resources }, known !== null);
  const would = known === null ? MIGHT : WOULD;
  return { report, wrangler, target, running, resources, ...found, chosen, options, clock, would };
}

function reportChoice(chosen: Chosen, { isDryRun }: Options, report: Report): void {
  for (const [name, source] of Object.entries(chosen.sources)) report("setting", `${name} (${source})`);
  for (const line of chosen.ignored) report("ignored", line);
  for (const name of chosen.removed) report(isDryRun ? "would remove" : "removes", `setting ${name}`);
  for (const line of chosen.missing) report("missing", line);
  if (chosen.makesSigningKeys) report("note", NEW_SIGNING_KEYS);
}

/** A version that runs with its binding shows that it is on. */
async function needAnalytics(
  { wrangler, target, running }: Pick<Deployment, "wrangler" | "target" | "running">,
  { isDryRun }: Options,
  { shell, fetch: send }: Surroundings,
  report: Report,
): Promise<void> {
  const isBound = running.live?.bindings.some(({ type }) => type === "analytics_engine") === true;
  if (isBound || target.config.analytics_engine_datasets.length === 0) return;
  const state = await checkAnalyticsEngine(wrangler, target.config.account_id, shell, send);
  if (state === "off" && !isDryRun) throw new Failure(`nothing has been touched. ${SWITCH_ON_ANALYTICS}`);
  report(ANALYTICS_STEP[state], state === "off" ? SWITCH_ON_ANALYTICS : "Analytics Engine");
}

/** What those resources have in them that are there already. */
async function findInside(
  { wrangler, target, resources }: Pick<Deployment, "wrangler" | "target" | "resources">,
  isLoggedIn: boolean,
): Promise<Pick<Deployment, "hasFlag" | "applied">> {
  writeConfig({ ...target, config: withIds(target.config, resources) });
  const app = isLoggedIn ? findId(FLAGS_BINDING, resources) : null;
  const database = isLoggedIn ? findId(DATABASE_BINDING, resources) : null;
  const [flag, applied] = await Promise.all([
    app === null ? false : hasFlag(wrangler, app, FLAG),
    database === null ? new Set<string>() : appliedMigrations(wrangler, DATABASE_BINDING),
  ]);
  return { hasFlag: flag, applied };
}

async function choose(
  { config }: Target,
  { live, secrets }: Running,
  { isDryRun }: Options,
  { shell, ask }: Surroundings,
): Promise<Chosen> {
  const given = {
    shell,
    vars: config.vars,
    deployed: Object.fromEntries((live?.bindings ?? []).map(({ name, text }) => [name, text])),
    secrets,
    hasUpstreamBinding: (config.services ?? []).some(({ binding }) => binding === UPSTREAM_BINDING),
  };
  const chosen = await chooseSettings(given, await newSigningKeys(), isDryRun ? null : ask);
  requireGood(chosen, isDryRun);
  return chosen;
}

async function makeResources(deployment: Deployment): Promise<Resource[]> {
  const { report, wrangler, resources, options, would } = deployment;
  const isNew = ({ id }: Resource) => id === null && !options.isDryRun;
  const ids = await Promise.allSettled(
    resources.map(async (each) => (isNew(each) ? make(each, wrangler) : each.id)),
  );
  // Those that were made are there, whatever has become of the others.
  for (const [index, each] of resources.entries()) {
    if (ids[index]?.status === "rejected") continue;
    const otherwise = each.id === null ? would.create : "reused";
    report(isNew(each) ? "created" : otherwise, `${each.kind} ${each.name}`);
  }
  return resources.map((each, index) => ({ ...each, id: settled(ids[index]) }));
}

function settled<T>(result: PromiseSettledResult<T> | undefined): T {
  if (result?.status === "fulfilled") return result.value;
  throw result?.reason;
}

/** The flag starts as what would hold without it. */
async function makeFlag(deployment: Deployment, resources: readonly Resource[]): Promise<void> {
  const { report, wrangler, chosen, options, would } = deployment;
  if (deployment.hasFlag) return report("reused", `flag ${FLAG}`);
  const variation = chosen.vars["RATE_LIMIT_FLAG_DEFAULT"] === "off" ? "off" : "on";
  const what = `flag ${FLAG}, ${variation}`;
  const app = findId(FLAGS_BINDING, resources);
  if (app === null || options.isDryRun) return report(would.create, what);
  await wrangler.run(["flagship", "flags", "create", app, FLAG, "--default", variation, "--remote"]);
  report("created", what);
}

/** Before the code that needs them: migrations only add. */
async function migrate(deployment: Deployment, resources: readonly Resource[]): Promise<void> {
  const { report, wrangler, target, applied, options, would } = deployment;
  const files = readdirSync(MIGRATIONS).toSorted();
  const pending = files.filter((file) => !applied.has(file));
  if (pending.length === 0) return report("unchanged", `migrations, ${files.at(-1)} is the latest`);
  if (!options.isDryRun) {
    // wrangler takes the database's id from there.
    writeConfig({ ...target, config: withIds(target.config, resources) });
    await wrangler.run(["d1", "migrations", "apply", DATABASE_BINDING, "--remote"]);
  }
  for (const file of pending) report(options.isDryRun ? would.apply : "applied", `migration ${file}`);
}

async function setSecrets(deployment: Deployment): Promise<void> {
  const { report, wrangler, running, chosen, options, would } = deployment;
  for (const name of SECRET_NAMES) {
    const value = chosen.secrets[name];
    if (running.secrets.has(name)) report("unchanged", `secret ${name}`);
    if (value === undefined) continue;
    if (!options.isDryRun) await wrangler.run(["secret", "put", name], value);
    report(options.isDryRun ? would.set : "set", `secret ${name}`);
  }
}

async function upload(deployment: Deployment, resources: readonly Resource[]): Promise<void> {
  const { report, wrangler, target, running, chosen, options } = deployment;
  const final = { ...target, config: { ...withIds(target.config, resources), vars: toTexts(chosen.vars) } };
  writeConfig(final);
  const tag = buildTag(final, projectVersion());
  // A secret that was just set made a version of its own, which has no tag.
  const isSame = running.live?.tag === tag && Object.keys(chosen.secrets).length === 0;
  if (options.isDryRun) return report(isSame ? "unchanged" : "would deploy", `version ${tag}`);
  // It may have been stopped between the version and what sends it requests and messages.
  await wrangler.run(isSame ? ["triggers", "deploy"] : ["deploy", "--tag", tag]).catch((error: unknown) => {
    throw explainRefusal(error);
  });
  report(isSame ? "unchanged" : "deployed", `version ${tag}`);
}

async function check({ report, target, chosen, options, clock }: Deployment): Promise<void> {
  const given = chosen.vars["PUBLIC_URL"];
  const publicUrl = typeof given === "string" ? new URL(given).origin : "PUBLIC_URL";
  const origin = options.checkUrl ?? publicUrl;
  if (options.isDryRun)
    return report("would check", `${origin}/readyz, /openapi.json and /.well-known/jwks.json`);
  const patience = { waitSeconds: options.checkSeconds, clock };
  await untilReady(origin, publicUrl, patience, `npx wrangler tail --env ${target.environment}`);
  report("ready", `${origin}/readyz`);
  // Keys that the Worker has already cannot be read: any of the gateway's kind will do, and are named.
  const kids = await untilPublished(origin, patience, parseKid(chosen.secrets["SIGNING_KEYS"]));
  report("published", `${origin}/.well-known/jwks.json, keys: ${kids.join(", ")}`);
}

function findId(binding: string, resources: readonly Resource[]): string | null {
  return resources.find((resource) => resource.binding === binding)?.id ?? null;
}

function toTexts(vars: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, String(value)]));
}

function parseKid(signingKeys: string | undefined): string | null {
  const { keys }: { keys: { kid: string }[] } = JSON.parse(signingKeys ?? '{"keys":[]}');
  return keys[0]?.kid ?? null;
}

function projectVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync("package.json", "utf8"));
  return version;
}
