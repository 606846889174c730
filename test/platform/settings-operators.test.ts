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
