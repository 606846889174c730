// The banner under the settings that change which of its commands work.
import { describe, expect, it } from "vitest";
import { formatBanner } from "../../scripts/start/banner.ts";
import { parseSettings } from "../../src/platform/settings.ts";

const KEY = { kty: "OKP", crv: "Ed25519", kid: "k1", x: "P".repeat(43), d: "S".repeat(43) };
const DEVELOPMENT_ISSUER = {
  issuer: "https://issuer.dev.edge-actions.invalid",
  audience: "edge-actions",
  algorithms: ["ES256"],
  jwks_uri: "https://issuer.dev.edge-actions.invalid/jwks.json",
  operators: true,
};
const OWN_ISSUERS = JSON.stringify([{ ...DEVELOPMENT_ISSUER, issuer: "https://login.example" }]);
const ORIGIN = "http://127.0.0.1:8787";
const HTTPS = { PUBLIC_URL: "https://gateway.example", ALLOW_PRIVATE_CALLBACKS: "false" };
const ACCESS = { ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com", ACCESS_AUD: "a".repeat(64) };
const PRINTS = "It asks for a token, which this prints:\n\n  npm run --silent token -- --sub me";
const ACTIONS = `${ORIGIN}/actions/v1/stored-actions`;

function banner(vars: Record<string, string>, token: string | null = "TOKEN_OF_DEV"): string {
  const settings = parseSettings({
    JWT_ISSUERS: JSON.stringify([DEVELOPMENT_ISSUER]),
    SIGNING_KEYS: JSON.stringify({ keys: [KEY] }),
    ALLOW_PRIVATE_CALLBACKS: "true",
    PUBLIC_URL: ORIGIN,
    ...vars,
  });
  return formatBanner({ origin: ORIGIN, settings, token, callbackUrl: "http://127.0.0.1:40001/" });
}

describe("the banner", () => {
  it("shows how to start a run with a callback, read it, and see it in the console", () => {
    expect(banner({})).toBe(`
Edge Actions is ready on http://127.0.0.1:8787, with the sandbox as its upstream.

Start a run; its result arrives here as a signed callback. The token is good for an hour:

  TOKEN=TOKEN_OF_DEV

  curl -s http://127.0.0.1:8787/actions/v1/stored-actions/00000000-0000-4000-8000-000000000001/run \\
    -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"data":{"inputs":{"message":"Hello World!"},"callback_url":"http://127.0.0.1:40001/"}}'

Read its result, with the id from the answer in place of RUN_ID:

  curl -s "http://127.0.0.1:8787/actions/v1/stored-actions/00000000-0000-4000-8000-000000000001/runs/RUN_ID?wait_seconds=10" -H "Authorization: Bearer $TOKEN"

The API, with an example for every answer: http://127.0.0.1:8787/docs
The console, which shows what the gateway does: http://127.0.0.1:8787/console
It asks for a token, which this prints:

  npm run --silent token -- --sub me --scope operator --expires 3600
`);
  });

  it("names an own upstream, and takes no stored action of the sandbox for one of it", () => {
    const text = banner({ UPSTREAM_URL: "https://actions.example" });
    expect(text).toContain(
      "is ready on http://127.0.0.1:8787, with https://actions.example as its upstream.",
    );
    expect(text).not.toMatch(/sandbox|00000000-/);
    expect(text).toContain("STORED_ACTION_ID is the id of a stored action of your upstream.");
    expect(text).toContain(`  curl -s ${ACTIONS}/STORED_ACTION_ID/run \\\n`);
    expect(text).toContain(`  curl -s "${ACTIONS}/STORED_ACTION_ID/runs/RUN_ID?wait_seconds=10"`);
  });

  it("prints no token of the development issuer to a gateway that does not know it", () => {
    const text = banner({ JWT_ISSUERS: OWN_ISSUERS }, null);
    expect(text).toContain("YOUR_TOKEN is a token of https://login.example with external in its scope.");
    expect(text).toContain("  TOKEN=YOUR_TOKEN\n");
    expect(text).toContain("It opens with a token of https://login.example with operator in its scope.");
    expect(text).not.toMatch(/npm run|an hour/);
  });

  it("says that the sandbox refuses callers' own tokens", () => {
    expect(banner({ UPSTREAM_AUTH: "caller" })).toContain(
      "The sandbox refuses this while UPSTREAM_AUTH is caller",
    );
    expect(banner({ UPSTREAM_AUTH: "caller", UPSTREAM_URL: "https://a.example" })).not.toContain(
      "refuses this",
    );
  });

  it.each([
    ["private callbacks are off", { ALLOW_PRIVATE_CALLBACKS: "false" }],
    ["PUBLIC_URL is https", HTTPS],
  ])("shows no callback that would be refused: %s", (_why, vars) => {
    const text = banner(vars);
    expect(text).not.toContain('"callback_url"');
    expect(text).toContain("without a callback_url: private hosts are refused, and the receiver here is one");
    expect(text).toContain(`    -d '{"data":{"inputs":{"message":"Hello World!"}}}'\n`);
  });

  it("says when no issuer has operators", () => {
    const callersOnly = JSON.stringify([{ ...DEVELOPMENT_ISSUER, operators: false }]);
    expect(banner({ JWT_ISSUERS: callersOnly }, null)).toContain(
      'No entry of JWT_ISSUERS has "operators": true, so no token opens it.',
    );
  });

  it.each([
    [
      "a scope of its own",
      { OPERATOR_SCOPE: "gateway:admin" },
      `${ORIGIN}/console\n${PRINTS} --scope gateway:admin --expires 3600`,
    ],
    ["a scope that a shell would read", { OPERATOR_SCOPE: "a$b'c" }, `--scope 'a$b'\\''c' --expires`],
    ["https, without a scope", HTTPS, "example/console\nOPERATOR_SCOPE is not set, so no token opens it."],
    [
      "https, with a scope",
      { ...HTTPS, OPERATOR_SCOPE: "ops" },
      `https://gateway.example/console\n${PRINTS} --scope ops --expires 3600`,
    ],
    ["https, behind Access", { ...HTTPS, ...ACCESS }, "example/console\nCloudflare Access signs you in."],
  ])("says how the console opens: %s", (_what, vars, words) => {
    expect(banner(vars)).toContain(words);
  });
});
