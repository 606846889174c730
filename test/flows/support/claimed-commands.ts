// Documented commands that another file runs, or is all of it that can be looked at, with the words that do.
type By = Record<string, readonly string[]>;
/** As it stands: they read it from the page, options and all. */
type ClaimedRow = [command: string, by: By, asItStands?: "as it stands"];

const ROWS: readonly ClaimedRow[] = [
  ["npm ci", { ".ci/run": ["npm ci"] }],
  ["npm test", { ".ci/run": ["npm test"] }],
  [".ci/run", { ".ci/run": ["npm ci", "npm test"] }],
  [
    "apt-get install chromium wrk python3-jwt python3-cryptography",
    { ".ci/run": ["apt-get install", "chromium wrk python3-jwt python3-cryptography"] },
  ],
  [
    "npm start",
    {
      "test/flows/quickstart.test.ts": ["startNpm({"],
      "test/flows/support/process.ts": ['command: ["npm", "start", "--"]'],
    },
  ],
  [
    "npm start -- --var …",
    { "test/flows/quickstart.test.ts": ['"--var", "RATE_LIMIT_DEFAULT:3"'] },
    "as it stands",
  ],
  [
    "npm start -- --verbose",
    {
      "scripts/start/options.ts": ['const VERBOSE = "--verbose"'],
      "test/scripts/start-options.test.ts": ['parseStartOptions(["--port", "9000", "--verbose"'],
    },
  ],
  [
    "npm start -- --port 9000 --persist-to DIR --var RATE_LIMIT_DEFAULT:3",
    {
      "test/flows/quickstart.test.ts": [
        "`--port=${port}`, `--persist-to=${stateDir}`",
        '"--var", "RATE_LIMIT_DEFAULT:3"',
      ],
    },
  ],
  [
    "npm run conformance…",
    { "test/flows/conformance.test.ts": ['"npm", ["run", "--silent", "conformance", "--", ...args]'] },
  ],
  [
    "npm run reindex…",
    { "test/scripts/reindex.test.ts": ['"npm", ["run", "--silent", "reindex", "--", ...url, ...args]'] },
  ],
  [
    "wrangler dev",
    {
      "scripts/start.ts": ["wranglerArguments(", '"dev",'],
      "scripts/start/wrangler.ts": ['spawn("wrangler", options.args'],
    },
  ],
  [
    "npm run bench -- …",
    {
      "scripts/test.ts": ['"npm", ["run", "--silent", "bench", "--", "--short"'],
      "bench/run.ts": ["parseArgs"],
    },
  ],
  ["wrangler deploy --dry-run", { "scripts/test.ts": ['command("wrangler", ["deploy", "--dry-run"'] }],
  [
    "npm run check…",
    { "scripts/test.ts": ['"npm", ["run", "--silent", "check"]'], "scripts/check.ts": ["watch: {"] },
  ],
  // The same command with --check behind it finds the files as it has written them.
  [
    "npm run types",
    {
      "scripts/test.ts": ['"run", "--silent", "types:check"'],
      "package.json": ['"types": "node scripts/run.mjs && wrangler types '],
    },
  ],
  ...["npm run test:unit", "npm run test:worker", "npm run test:flows", "npm run test:unit -- --watch"].map(
    (command): ClaimedRow => [
      command,
      {
        "package.json": [
          "scripts/test-group.ts unit",
          "scripts/test-group.ts worker",
          "scripts/test-group.ts flows",
        ],
        "test/scripts/test-selection.test.ts": ["run --project=workers --project=alone", "--watch"],
      },
    ],
  ),
  ["npm run chaos…", { "test/flows/chaos.test.ts": ['"npm", ["run", "--silent", "chaos"'] }],
  ["npm run deploy…", { "test/flows/deploy.test.ts": ['"run", "--silent", "deploy"', "scripts/deploy.ts"] }],
  [
    "PUBLIC_URL=… UPSTREAM_URL=… JWT_ISSUERS=… npm run deploy…",
    {
      "test/flows/deploy.test.ts": ["documentedSettings(", "deployProduction({ ...PRODUCTION, "],
      "test/scripts/deploy-steps.test.ts": ['deployments.run("staging", STAGING)'],
    },
  ],
  [
    "SIGNING_KEYS=$(cat signing-keys.json) npm run deploy",
    {
      "test/flows/deploy.test.ts": ["SIGNING_KEYS: "],
      "test/scripts/deploy-settings.test.ts": ["SIGNING_KEYS: await newSigningKeys()"],
    },
  ],
  [
    "COMPLETION_TOKEN=$(cat completion-token) npm run deploy",
    { "test/scripts/deploy-steps.test.ts": ["COMPLETION_TOKEN: "] },
  ],
  [
    "ACCESS_TEAM_DOMAIN=… ACCESS_AUD=… npm run deploy",
    {
      "test/flows/deploy.test.ts": ["...ACCESS })"],
      "test/flows/support/deploy-steps.ts": ["ACCESS_TEAM_DOMAIN: ", "ACCESS_AUD: "],
    },
  ],
  [
    "npx wrangler … --config dist/deploy/production.json…",
    { "test/flows/deploy.test.ts": ["documentedCommands()", "--config dist/deploy/production.json"] },
    "as it stands",
  ],
  [
    "node -e '…",
    {
      "test/flows/rotation.test.ts": [
        "docs/operations.md",
        'documented("console.log")',
        'step("# 1. publish")',
        'step("# 2. sign")',
        'step("# 3. remove")',
      ],
    },
  ],
  [
    "apt-get install python3-jwt python3-cryptography",
    { ".ci/run": ["apt-get install", " python3-jwt python3-cryptography"] },
  ],
];

export type Claimed = { command: string; by: By; asItStands: boolean };

export const CLAIMED: readonly Claimed[] = ROWS.map(([command, by, asItStands]) => ({
  command,
  by,
  asItStands: asItStands !== undefined,
}));
