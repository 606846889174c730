import { describe, expect, it } from "vitest";
import { findProblems, ISSUER } from "../support/given-settings.ts";

describe("the console's settings", () => {
  const SAME_SCOPE = "OPERATOR_SCOPE must not be REQUIRED_SCOPE: every caller would be an operator";
  it.each<[vars: Record<string, string>, problem: string]>([
    [{ ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com" }, "ACCESS_AUD is required with ACCESS_TEAM_DOMAIN"],
    ...[" 4714c1358e65", "4714c1358e65\n", " "].map((audience): [Record<string, string>, string] => [
      { ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com", ACCESS_AUD: audience },
      "ACCESS_AUD must have no white space around it",
    ]),
    [{ ACCESS_AUD: "4714c1358e65" }, "ACCESS_TEAM_DOMAIN is required with ACCESS_AUD"],
    ...[
      "team",
      "https://team.cloudflareaccess.com",
      "team.cloudflareaccess.com.evil.example",
      "evil.example/.cloudflareaccess.com",
      "a.b.cloudflareaccess.com",
    ].map((domain): [Record<string, string>, string] => [
      { ACCESS_TEAM_DOMAIN: domain, ACCESS_AUD: "4714c1358e65" },
      "ACCESS_TEAM_DOMAIN must be a host such as example.cloudflareaccess.com",
    ]),
    ...["operator support", "\toperator", " "].map((scope): [Record<string, string>, string] => [
      { OPERATOR_SCOPE: scope },
      "OPERATOR_SCOPE must be one scope, without blanks",
    ]),
    [
      {
        OPERATOR_SCOPE: "ops",
        JWT_ISSUERS: JSON.stringify([
          { ...ISSUER, operators: undefined },
          { ...ISSUER, issuer: "b", operators: false },
        ]),
      },
      'OPERATOR_SCOPE needs an entry of JWT_ISSUERS with "operators": true',
    ],
    [{ OPERATOR_SCOPE: "external" }, SAME_SCOPE],
    [{ REQUIRED_SCOPE: "operator" }, SAME_SCOPE],
  ])("%o are refused", (vars, problem) => {
    expect(findProblems(vars)).toEqual([problem]);
  });
});

describe("the webhook of the operators", () => {
  const EDGE = "https://edge.example";
  const LOCAL = { PUBLIC_URL: "http://127.0.0.1:8787", ALLOW_PRIVATE_CALLBACKS: "true" };
  it.each<[url: string, problem: string, vars?: Record<string, string>]>([
    ["http://hooks.example/a", "must be an https URL"],
    ["http://127.0.0.1:9000", "must be an https URL"],
    ["https://127.0.0.1:9000", "must name a public host, not an IP address"],
    ["https://203.0.113.7/a", "must name a public host, not an IP address"],
    ["https://hooks.internal/a", "must name a public host, not an IP address"],
    ["https://hooks.example:0/a", "must not have port 0"],
    ["https://user:pass@hooks.example/a", "must not contain credentials"],
    ["https://edge.example:8443/a", "must not point to this service"],
    ["https://up.example/a", "must not point to this service"],
    ["http://127.0.0.1:8787/a", "must not point to this service", LOCAL],
    ["ftp://127.0.0.1:9000/a", "must be an https URL", LOCAL],
  ])("%s is refused: it %s", (OPERATOR_WEBHOOK_URL, problem, vars = { PUBLIC_URL: EDGE }) => {
    expect(findProblems({ UPSTREAM_URL: "https://up.example", OPERATOR_WEBHOOK_URL, ...vars })).toEqual([
      `OPERATOR_WEBHOOK_URL ${problem}`,
    ]);
  });

  it.each([
    ["https://hooks.example/services/T0/B0/x?y=1", { PUBLIC_URL: EDGE }],
    ["https://hooks.example/a", {}],
    ["http://127.0.0.1:9000/a", LOCAL],
  ])("%s is taken with %o", (OPERATOR_WEBHOOK_URL, vars) => {
    expect(findProblems({ OPERATOR_WEBHOOK_URL, ...vars })).toEqual([]);
  });
});
