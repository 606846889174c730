// Documented commands that another file runs, or is all of it that can be looked at, with the words that do.
const CI = ".ci/run";
const QUICKSTART = "test/flows/quickstart.test.ts";
const DEPLOY = "test/flows/deploy.test.ts";
const DEPLOY_STEPS = "test/scripts/deploy-steps.test.ts";
const ALL_TESTS = "scripts/test.ts";

/** A command may have several rows, one a file. */
const ROWS: readonly (readonly [command: string, file: string, ...words: string[]])[] = [
  ["npm ci", CI, "npm ci"],
  ["npm test", CI, "npm test"],
  [CI, CI, "npm ci", "npm test"],
  ["apt-get install chromium …", CI, "apt-get install", "chromium wrk python3-jwt python3-cryptography"],
  ["apt-get install python3-jwt …", CI, "apt-get install", " python3-jwt python3-cryptography"],
  ["npm start", QUICKSTART, "startNpm({"],
  ["npm start", "test/flows/support/process.ts", 'command: ["npm", "start", "--"]'],
  ["npm start -- --var …", QUICKSTART, '"--var", "RATE_LIMIT_DEFAULT:3"'],
  ["npm start -- --verbose", "scripts/start/options.ts", 'const VERBOSE = "--verbose"'],
  [
    "npm start -- --verbose",
    "test/scripts/start-options.test.ts",
    'parseStartOptions(["--port", "9000", "--verbose"',
  ],
  [
    "npm start -- --port 9000 --persist-to DIR --var RATE_LIMIT_DEFAULT:3",
    QUICKSTART,
    "`--port=${port}`, `--persist-to=${stateDir}`",
    '"--var", "RATE_LIMIT_DEFAULT:3"',
  ],
  [
    "npm run conformance…",
    "test/flows/conformance.test.ts",
    '"npm", ["run", "--silent", "conformance", "--", ...args]',
  ],
  [
    "npm run conformance:upstream…",
    "test/flows/upstreams.test.ts",
    '"npm", ["run", "--silent", "conformance:upstream", "--", ...args]',
    '"--completion-token", await completionToken()',
  ],
  ["npm run conformance:upstream…", "test/conformance/upstream.test.ts", '"--url", proxy.url, "--receive"'],
  [
    "COMPLETION_TOKEN=…node examples/node-upstream/server.mjs…",
    "test/flows/support/example-upstreams.ts",
    '"examples/node-upstream/server.mjs"',
    '"--gateway", gatewayUrl, "--port", String(port)',
    "COMPLETION_TOKEN: ",
  ],
  [
    "npm run reindex…",
    "test/scripts/reindex.test.ts",
    '"npm", ["run", "--silent", "reindex", "--", ...url, ...args]',
  ],
  ["wrangler dev", "scripts/start.ts", "wranglerArguments(", '"dev",'],
  ["wrangler dev", "scripts/start/wrangler.ts", 'spawn("wrangler", options.args'],
  ["npm run bench -- …", ALL_TESTS, '"npm", ["run", "--silent", "bench", "--", "--short"'],
  ["npm run bench -- …", "bench/run.ts", "parseArgs"],
  ["wrangler deploy --dry-run", ALL_TESTS, 'command("wrangler", ["deploy", "--dry-run"'],
  ["npm run check…", ALL_TESTS, '"npm", ["run", "--silent", "check"]'],
  ["npm run check…", "scripts/check.ts", "watch: {"],
  // The same command with --check behind it finds the files as it has written them.
  ["npm run types", ALL_TESTS, '"run", "--silent", "types:check"'],
  ["npm run types", "package.json", '"types": "node scripts/run.mjs && wrangler types '],
  ["npm run test:unit", "package.json", "scripts/test-group.ts unit"],
  ["npm run test:worker", "package.json", "scripts/test-group.ts worker"],
  ["npm run test:worker", "test/scripts/test-selection.test.ts", "run --project=workers --project=alone"],
  ["npm run test:flows", "package.json", "scripts/test-group.ts flows"],
  ["npm run test:unit -- --watch", "test/scripts/test-selection.test.ts", "--watch"],
  ["npm run chaos…", "test/flows/chaos.test.ts", '"npm", ["run", "--silent", "chaos"'],
  ["npm run deploy…", DEPLOY, '"run", "--silent", "deploy"', "scripts/deploy.ts"],
  ["PUBLIC_URL=…npm run deploy…", DEPLOY, "documentedSettings(", "deployProduction({ ...PRODUCTION, "],
  ["PUBLIC_URL=…npm run deploy…", DEPLOY_STEPS, 'deployments.run("staging", STAGING)'],
  ["SIGNING_KEYS=…npm run deploy", DEPLOY, "SIGNING_KEYS: "],
  [
    "SIGNING_KEYS=…npm run deploy",
    "test/scripts/deploy-settings.test.ts",
    "SIGNING_KEYS: await newSigningKeys()",
  ],
  ["COMPLETION_TOKEN=…npm run deploy", DEPLOY_STEPS, "COMPLETION_TOKEN: "],
  ["ACCESS_TEAM_DOMAIN=…npm run deploy", DEPLOY, "...ACCESS })"],
  [
    "ACCESS_TEAM_DOMAIN=…npm run deploy",
    "test/flows/support/deploy-steps.ts",
    "ACCESS_TEAM_DOMAIN: ",
    "ACCESS_AUD: ",
  ],
  [
    "npx wrangler … --config dist/deploy/production.json…",
    DEPLOY,
    "documentedCommands()",
    "--config dist/deploy/production.json",
  ],
  [
    "node -e '…",
    "test/flows/rotation.test.ts",
    "docs/operations.md",
    'documented("console.log")',
    'step("# 1. publish")',
    'step("# 2. sign")',
    'step("# 3. remove")',
  ],
];
/** They read it from the page, options and all. */
const AS_IT_STANDS = ["npm start -- --var …", "npx wrangler … --config dist/deploy/production.json…"];

export type Claimed = { command: string; by: Record<string, readonly string[]>; asItStands: boolean };

export const CLAIMED: readonly Claimed[] = [...Map.groupBy(ROWS, ([command]) => command)].map(
  ([command, rows]) => ({
    command,
    by: Object.fromEntries(rows.map(([, file, ...words]) => [file, words])),
    asItStands: AS_IT_STANDS.includes(command),
  }),
);
