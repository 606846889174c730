import { describe, expect, it } from "vitest";
import { parseReadiness, type Readiness, WaitReport } from "../../scripts/start/readiness.ts";
import { parseSettings } from "../../src/platform/settings.ts";
import { REQUIRED } from "../support/given-settings.ts";

const SILENT: Readiness = { kind: "silent" };

function waitFor(vars: Record<string, string> = {}): WaitReport {
  return new WaitReport("http://127.0.0.1:8787", parseSettings({ ...REQUIRED, ...vars }), 0);
}

function failing(...names: string[]): Readiness {
  return { kind: "not_ready", failing: names };
}

describe("what /readyz says", () => {
  it.each<[number, string, Readiness]>([
    [200, '{"status":"ready"}', { kind: "ready" }],
    [503, '{"dependencies":{"gate":"ok","upstream":"failing"}}', failing("upstream")],
    [503, '{"dependencies":{"gate":"ok","flags":"failing"}}', { kind: "ready" }],
    [503, '{"dependencies":{"gate":"failing","flags":"failing"}}', failing("gate", "flags")],
    [503, "not JSON", failing()],
    [500, "{}", { kind: "misconfigured" }],
    [404, "", SILENT],
  ])("%i %s", (status, body, readiness) => {
    expect(parseReadiness(status, body)).toEqual(readiness);
  });
});

describe("what is said while the gateway is not ready", () => {
  it("names a failing dependency after three seconds, once", () => {
    const report = waitFor({ UPSTREAM_URL: "https://actions.example" });
    const said = [0, 2999, 3000, 3500, 60_000].map((ms) => report.observe(failing("upstream"), ms));
    const sentence = "Waiting for the upstream (https://actions.example): it does not answer.";
    expect(said).toEqual([null, null, sentence, null, null]);
  });

  it("says when another one fails instead", () => {
    const report = waitFor();
    report.observe(failing("upstream"), 0);
    expect(report.observe(failing("upstream"), 3000)).toBe(
      "Waiting for the upstream (the sandbox): it does not answer.",
    );
    expect(report.observe(failing("issuer_keys", "kv"), 3500)).toBe(
      "Waiting for the keys of JWT_ISSUERS (https://login.example/jwks.json): they cannot be read.\n" +
        "Waiting for kv (a part that wrangler runs): it fails.",
    );
  });

  it("says that nothing answers after a minute only: a slow machine needs that long", () => {
    const report = waitFor();
    expect([30_000, 59_999, 60_000, 61_000].map((ms) => report.observe(SILENT, ms))).toEqual([
      null,
      null,
      "Waiting for the gateway (http://127.0.0.1:8787/readyz): it does not answer.",
      null,
    ]);
  });
});
