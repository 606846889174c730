// What `npm start` prints when the gateway is ready. Every command in it works as it is printed, with the settings that the
// gateway runs with; where one cannot, the banner says so and what is needed.
import type { Settings } from "../../src/platform/settings.ts";

export type Start = {
  /** Where the gateway listens on this machine. */
  origin: string;
  settings: Settings;
  /** Of the development issuer; null: the gateway takes none. */
  token: string | null;
  /** Where start's own receiver of callbacks listens. */
  callbackUrl: string;
};

const ECHO = "00000000-0000-4000-8000-000000000001";
const SHELL_SAFE = /^[\w.:/@%+=,-]+$/;

/** The last that is printed, behind the banner. */
export const LAST_LINE =
  "Ctrl-C stops the gateway. `npm start -- --verbose` shows everything that wrangler prints.\n";

export function formatBanner(start: Start): string {
  return `
${formatReady(start)}

${formatStart(start)}

Read its result, with the id from the answer in place of RUN_ID:

  curl -s "${actionUrl(start)}/runs/RUN_ID?wait_seconds=10" -H "Authorization: Bearer $TOKEN"

${formatPages(start)}
`;
}

function formatReady({ origin, settings: { upstreamUrl } }: Start): string {
  const upstream = upstreamUrl === null ? "the sandbox" : upstreamUrl;
  return `Edge Actions is ready on ${origin}, with ${upstream} as its upstream.`;
}

function formatStart(start: Start): string {
  const { token, callbackUrl, settings } = start;
  const callback = settings.allowPrivateCallbacks ? `,"callback_url":"${callbackUrl}"` : "";
  return `${describeStart(start)}

  TOKEN=${token ?? "YOUR_TOKEN"}

  curl -s ${actionUrl(start)}/run \\
    -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"data":{"inputs":{"message":"Hello World!"}${callback}}}'`;
}

function describeStart({ token, settings }: Start): string {
  const what = settings.allowPrivateCallbacks
    ? "Start a run; its result arrives here as a signed callback"
    : "Start a run (without a callback_url: private hosts are refused, and the receiver here is one)";
  const first = token === null ? `${what}:` : `${what}. The token is good for an hour:`;
  return [first, ...listConditions(token, settings)].join("\n");
}

/** What has to be put into the commands, or keeps them from working. */
function listConditions(token: string | null, settings: Settings): string[] {
  const isSandbox = settings.upstreamUrl === null;
  const lines: string[] = [];
  if (token === null) lines.push(`YOUR_TOKEN is ${describeToken(settings, settings.requiredScope)}.`);
  if (!isSandbox) lines.push("STORED_ACTION_ID is the id of a stored action of your upstream.");
  if (isSandbox && settings.upstreamAuth === "caller")
    lines.push(
      "The sandbox refuses this while UPSTREAM_AUTH is caller: it takes tokens of the gateway only.",
    );
  return lines;
}

function formatPages({ origin, token, settings }: Start): string {
  // Sessions of a gateway behind https are made there only.
  const { publicUrl } = settings;
  const base = publicUrl?.startsWith("https:") ? publicUrl : origin;
  return `The API, with an example for every answer: ${origin}/docs
${formatConsole(`${base}/console`, token !== null, settings)}`;
}

function formatConsole(url: string, takesDevTokens: boolean, settings: Settings): string {
  const { operatorScope, access } = settings;
  const page = `The console, which shows what the gateway does: ${url}`;
  if (operatorScope === null) {
    const way =
      access === null
        ? "OPERATOR_SCOPE is not set, so no token opens it."
        : "Cloudflare Access signs you in.";
    return `${page}\n${way}`;
  }
  if (!takesDevTokens) {
    const issuers = settings.issuers.filter(({ hasOperators }) => hasOperators);
    return issuers.length === 0
      ? `${page}\nNo entry of JWT_ISSUERS has "operators": true, so no token opens it.`
      : `${page}\nIt opens with ${describeToken({ ...settings, issuers }, operatorScope)}.`;
  }
  return `${page}\nIt asks for a token, which this prints:

  npm run --silent token -- --sub me --scope ${quote(operatorScope)} --expires 3600`;
}

function describeToken({ issuers }: Settings, scope: string): string {
  return `a token of ${issuers.map(({ issuer }) => issuer).join(" or ")} with ${scope} in its scope`;
}

function actionUrl({ origin, settings: { upstreamUrl } }: Start): string {
  return `${origin}/actions/v1/stored-actions/${upstreamUrl === null ? ECHO : "STORED_ACTION_ID"}`;
}

function quote(word: string): string {
  return SHELL_SAFE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
