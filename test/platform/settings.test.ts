import { describe, expect, it } from "vitest";
import {
  parseSettings,
  RETRY_SCHEDULE,
  SETTING_NAMES,
  type Settings,
  SettingsError,
} from "../../src/platform/settings.ts";
import { findProblems, ISSUER, KEY, REQUIRED } from "../support/given-settings.ts";
import { times } from "../support/times.ts";
import { words } from "../support/words.ts";

describe("defaults", () => {
  it("are those of the design", () => {
    expect(parseSettings(REQUIRED)).toEqual({
      publicUrl: null,
      issuers: [
        {
          issuer: "https://login.example",
          audience: "edge-actions",
          algorithms: ["ES256"],
          keys: { kind: "url", url: "https://login.example/jwks.json" },
          hasOperators: true,
        },
      ],
      requiredScope: "external",
      upstreamUrl: null,
      upstreamAuth: "gateway",
      upstreamToken: null,
      upstreamTimeoutMs: 10_000,
      signingKeys: [KEY],
      rateLimit: 200,
      rateLimitWindowMs: 300_000,
      readLimit: 6000,
      rateLimitResetFormat: "unix",
      rateLimitFlagDefault: true,
      maxBodyBytes: 6_291_456,
      maxInFlight: 1000,
      allowPrivateCallbacks: false,
      // Two documents have it number by number: settings-docs.test.ts.
      callbackRetryScheduleSeconds: RETRY_SCHEDULE,
      callbackTimeoutMs: 15_000,
      runPollScheduleSeconds: [2, 4, 8, 16, 32, 64, 128, 300],
      runRetentionDays: 30,
      chargeRetentionDays: 400,
      auditRetentionDays: 400,
      completionTokens: [],
      access: null,
      operatorScope: "operator",
      operatorWebhookUrl: null,
    });
  });

  it("hold for a setting that is empty", () => {
    expect(
      parseSettings({ ...REQUIRED, RATE_LIMIT_DEFAULT: "", PUBLIC_URL: "", REQUIRED_SCOPE: "" }),
    ).toEqual(parseSettings(REQUIRED));
  });

  it("hold beside bindings, which are left alone", () => {
    expect(parseSettings({ ...REQUIRED, KV: { get: () => null }, USER_GATE: {} })).toEqual(
      parseSettings(REQUIRED),
    );
  });
});

describe("a good setting", () => {
  it.each<[vars: Record<string, string>, parsed: object]>([
    [{ PUBLIC_URL: "https://edge.example" }, { publicUrl: "https://edge.example" }],
    [{ PUBLIC_URL: "https://Edge.example:443/" }, { publicUrl: "https://edge.example" }],
    [{ PUBLIC_URL: "http://localhost:8787" }, { publicUrl: "http://localhost:8787" }],
    [{ UPSTREAM_URL: "http://a_b.up.example.:80" }, { upstreamUrl: "http://a_b.up.example." }],
    [{ UPSTREAM_URL: "http://[::1]:9000" }, { upstreamUrl: "http://[::1]:9000" }],
    [{ UPSTREAM_URL: "https://up.example/base//" }, { upstreamUrl: "https://up.example/base" }],
    [
      { UPSTREAM_AUTH: "caller", UPSTREAM_TOKEN: "t" },
      { upstreamAuth: "caller", upstreamToken: "t" },
    ],
    [{ REQUIRED_SCOPE: "actions" }, { requiredScope: "actions" }],
    [{ RATE_LIMIT_RESET_FORMAT: "date-time" }, { rateLimitResetFormat: "date-time" }],
    [{ RATE_LIMIT_FLAG_DEFAULT: "off" }, { rateLimitFlagDefault: false }],
    [{ ALLOW_PRIVATE_CALLBACKS: "true" }, { allowPrivateCallbacks: true }],
    [{ RUN_RETENTION_DAYS: "7", CALLBACK_RETRY_SCHEDULE: "5" }, { runRetentionDays: 7 }],
    [{ COMPLETION_TOKEN: "1234567890123456" }, { completionTokens: ["1234567890123456"] }],
    [{ COMPLETION_TOKEN: "-._~+/aZ90123456==" }, { completionTokens: ["-._~+/aZ90123456=="] }],
    [
      { COMPLETION_TOKEN: " the-newer-of-them  the-older-of-them\n" },
      { completionTokens: ["the-newer-of-them", "the-older-of-them"] },
    ],
    [
      { ALLOW_PRIVATE_CALLBACKS: "true", PUBLIC_URL: "http://127.0.0.1:8787" },
      { allowPrivateCallbacks: true, publicUrl: "http://127.0.0.1:8787" },
    ],
  ])("%o", (vars, parsed) => {
    expect(parseSettings({ ...REQUIRED, ...vars })).toMatchObject(parsed);
  });

  it.each<[vars: Record<string, string>, scope: string | null]>([
    [{}, "operator"],
    [{ PUBLIC_URL: "http://127.0.0.1:8787" }, "operator"],
    [{ PUBLIC_URL: "https://edge.example" }, null],
    [{ PUBLIC_URL: "https://edge.example", OPERATOR_SCOPE: "" }, null],
    [{ PUBLIC_URL: "https://edge.example", OPERATOR_SCOPE: "ops" }, "ops"],
    [{ OPERATOR_SCOPE: "ops" }, "ops"],
  ])("%o lets tokens with the scope %s open the console", (vars, scope) => {
    expect(parseSettings({ ...REQUIRED, ...vars }).operatorScope).toBe(scope);
  });

  it("Cloudflare Access, as the issuer that it is", () => {
    const vars = { ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com", ACCESS_AUD: "4714c1358e65" };
    expect(parseSettings({ ...REQUIRED, ...vars }).access).toEqual({
      issuer: "https://team.cloudflareaccess.com",
      audience: "4714c1358e65",
      algorithms: ["RS256"],
      keys: { kind: "url", url: "https://team.cloudflareaccess.com/cdn-cgi/access/certs" },
      hasOperators: true,
      subjectClaims: ["email", "common_name", "sub"],
    });
  });
});

describe("a whole number", () => {
  it.each<[name: string, member: keyof Settings, first: number, last: number, unit?: number]>([
    ["UPSTREAM_TIMEOUT_MS", "upstreamTimeoutMs", 1, 120_000],
    ["RATE_LIMIT_DEFAULT", "rateLimit", 1, 1_000_000],
    ["RATE_LIMIT_WINDOW_SECONDS", "rateLimitWindowMs", 1, 86_400, 1_000],
    ["READ_LIMIT", "readLimit", 0, 1_000_000],
    ["MAX_BODY_BYTES", "maxBodyBytes", 1, 100_000_000],
    ["MAX_IN_FLIGHT", "maxInFlight", 1, 1_000_000],
    ["CALLBACK_TIMEOUT_MS", "callbackTimeoutMs", 1, 60_000],
    ["CHARGE_RETENTION_DAYS", "chargeRetentionDays", 1, 3_650],
    ["AUDIT_RETENTION_DAYS", "auditRetentionDays", 1, 3_650],
  ])("%s is one", (name, member, first, last, unit = 1) => {
    for (const good of [first, last])
      expect(parseSettings({ ...REQUIRED, [name]: String(good) })[member]).toBe(good * unit);
    for (const bad of [first - 1, last + 1, "1e3", " 5", "-5", "1.5", "15s"])
      expect(findProblems({ [name]: String(bad) })).toEqual([
        `${name} must be a whole number from ${first} to ${last}`,
      ]);
  });
});

describe("a schedule", () => {
  const FIFTY = times(50, (at) => at + 1);

  it.each([
    ["1,1,2", [1, 1, 2]],
    ["0", [0]],
    [" 5, 604800 ", [5, 604_800]],
    [FIFTY.join(","), FIFTY],
  ])("of callbacks is %j", (CALLBACK_RETRY_SCHEDULE, seconds) => {
    const settings = parseSettings({ ...REQUIRED, CALLBACK_RETRY_SCHEDULE });
    expect(settings.callbackRetryScheduleSeconds).toEqual(seconds);
  });

  it.each([
    ...words`
    , 5, 5,,300 5;300 [5,300] 5s -5 1.5 1e3 604801 ${[...FIFTY, 51].join(",")}`,
    "5 300",
    " ",
  ])("of callbacks is not %j", (CALLBACK_RETRY_SCHEDULE) => {
    expect(findProblems({ CALLBACK_RETRY_SCHEDULE })).toEqual([
      "CALLBACK_RETRY_SCHEDULE must be 1 to 50 whole numbers from 0 to 604800, separated by commas",
    ]);
  });

  it("of polls is of a second and more", () => {
    const settings = parseSettings({ ...REQUIRED, RUN_POLL_SCHEDULE: "1,300" });
    expect(settings.runPollScheduleSeconds).toEqual([1, 300]);
    expect(findProblems({ RUN_POLL_SCHEDULE: "60,0" })).toEqual([
      "RUN_POLL_SCHEDULE must be 1 to 50 whole numbers from 1 to 604800, separated by commas",
    ]);
  });
});

describe("a bad setting is refused by name", () => {
  const URL_FAULT = "must be an http or https URL without credentials";
  it.each<[vars: Record<string, unknown>, problem: string]>([
    [{ PUBLIC_URL: "edge.example" }, `PUBLIC_URL ${URL_FAULT}`],
    [{ PUBLIC_URL: "ftp://edge.example" }, `PUBLIC_URL ${URL_FAULT}`],
    [{ PUBLIC_URL: "https://user:secret@edge.example" }, `PUBLIC_URL ${URL_FAULT}`],
    ...["/some/path", "//", "?a", "#a"].map((rest): [Record<string, unknown>, string] => [
      { PUBLIC_URL: `https://edge.example${rest}` },
      "PUBLIC_URL must have no path, no query and no fragment",
    ]),
    [{ PUBLIC_URL: 5 }, "PUBLIC_URL must be a string"],
    ...["PUBLIC_URL", "UPSTREAM_URL"].flatMap((name) =>
      ["a.example:0", "*.a.example", "{host}", "a..example"].map(
        (host): [Record<string, unknown>, string] => [
          { [name]: `https://${host}` },
          `${name} must have a host that can be fetched, and no port 0`,
        ],
      ),
    ),
    [{ UPSTREAM_URL: "/actions" }, `UPSTREAM_URL ${URL_FAULT}`],
    ...["?key=1", "?", "#top", "/#"].map((end): [Record<string, unknown>, string] => [
      { UPSTREAM_URL: `https://up.example/base${end}` },
      "UPSTREAM_URL must have no query and no fragment",
    ]),
    ...["external actions", " external", "external\n", " "].map(
      (scope): [Record<string, unknown>, string] => [
        { REQUIRED_SCOPE: scope },
        "REQUIRED_SCOPE must be one scope, without blanks",
      ],
    ),
    [{ UPSTREAM_AUTH: "Gateway" }, "UPSTREAM_AUTH must be one of gateway, caller"],
    [{ RATE_LIMIT_DEFAULT: 200 }, "RATE_LIMIT_DEFAULT must be a string"],
    ...["Bearer abc", "abc\ndef", "ä", " a"].map((token): [Record<string, unknown>, string] => [
      { UPSTREAM_TOKEN: token },
      "UPSTREAM_TOKEN must be a bearer token: letters, digits and -._~+/, then = maybe",
    ]),
    [{ RATE_LIMIT_RESET_FORMAT: "iso" }, "RATE_LIMIT_RESET_FORMAT must be one of unix, date-time"],
    [{ RATE_LIMIT_FLAG_DEFAULT: "true" }, "RATE_LIMIT_FLAG_DEFAULT must be one of on, off"],
    [{ ALLOW_PRIVATE_CALLBACKS: "yes" }, "ALLOW_PRIVATE_CALLBACKS must be one of true, false"],
    [
      { ALLOW_PRIVATE_CALLBACKS: "true", PUBLIC_URL: "https://edge.example" },
      "ALLOW_PRIVATE_CALLBACKS must not be true while PUBLIC_URL is https",
    ],
    [{ RUN_RETENTION_DAYS: "0" }, "RUN_RETENTION_DAYS must be a whole number from 1 to 400"],
    ...[
      "123456789012345",
      " ",
      "1234567890123456 short",
      "1234567890123456 ".repeat(3),
      ...[",", "\0", "ä", '"', "=a", ":"].map((character) => `12345678${character}90123456`),
      "Authorization:Bearer 1234567890123456",
    ].map((tokens): [Record<string, unknown>, string] => [
      { COMPLETION_TOKEN: tokens },
      "COMPLETION_TOKEN must be 1 to 2 bearer tokens of at least 16 characters (letters, digits and -._~+/, then = maybe), separated by blanks",
    ]),
    [{ JWT_ISSUERS: undefined }, "JWT_ISSUERS is required"],
    [{ JWT_ISSUERS: "not json" }, "JWT_ISSUERS must be JSON"],
    [{ JWT_ISSUERS: "[]" }, "JWT_ISSUERS must be a non-empty JSON array"],
    [{ JWT_ISSUERS: "{}" }, "JWT_ISSUERS must be a non-empty JSON array"],
    [{ JWT_ISSUERS: "[1]" }, "JWT_ISSUERS entry 0 must be an object"],
    [{ JWT_ISSUERS: JSON.stringify([ISSUER, ISSUER]) }, "JWT_ISSUERS names an issuer twice"],
    [{ SIGNING_KEYS: undefined }, "SIGNING_KEYS is required"],
    [{ SIGNING_KEYS: "not json" }, "SIGNING_KEYS must be JSON"],
  ])("%o", (vars, problem) => {
    expect(findProblems(vars)).toEqual([problem]);
  });

  const TOO_SHORT =
    "RUN_RETENTION_DAYS must be at least twice as long as CALLBACK_RETRY_SCHEDULE takes in all";
  it.each<[vars: Record<string, string>, problem: string]>([
    [
      { RUN_RETENTION_DAYS: "6", CALLBACK_RETRY_SCHEDULE: "5" },
      "RUN_RETENTION_DAYS must be at least 7: an upstream may know an idempotency id for 7 days",
    ],
    [{ RUN_RETENTION_DAYS: "7", CALLBACK_RETRY_SCHEDULE: "302401" }, TOO_SHORT],
    [{ CALLBACK_RETRY_SCHEDULE: "604800,604800,86401" }, TOO_SHORT],
  ])("%o contradict each other: the problem names both", (vars, problem) => {
    expect(findProblems(vars)).toEqual([problem]);
  });
});

describe("the message", () => {
  const SECRET = "hunter2";
  /** These two take any text, the second only beside a good ACCESS_TEAM_DOMAIN. */
  const ANY_TEXT = ["UPSTREAM_TOKEN", "ACCESS_AUD"];
  const NAMES = words`
    UPSTREAM_URL UPSTREAM_AUTH UPSTREAM_TIMEOUT_MS RATE_LIMIT_DEFAULT RATE_LIMIT_WINDOW_SECONDS READ_LIMIT
    RATE_LIMIT_RESET_FORMAT RATE_LIMIT_FLAG_DEFAULT MAX_BODY_BYTES MAX_IN_FLIGHT CALLBACK_RETRY_SCHEDULE
    CALLBACK_TIMEOUT_MS RUN_POLL_SCHEDULE ALLOW_PRIVATE_CALLBACKS RUN_RETENTION_DAYS CHARGE_RETENTION_DAYS
    AUDIT_RETENTION_DAYS COMPLETION_TOKEN OPERATOR_WEBHOOK_URL`;
  const bad = {
    REQUIRED_SCOPE: `${SECRET} ${SECRET}`,
    PUBLIC_URL: `https://user:${SECRET}@edge.example`,
    ...Object.fromEntries(NAMES.map((name) => [name, SECRET])),
    JWT_ISSUERS: `{"k":"${SECRET}`,
    SIGNING_KEYS: `{"keys":[{"d":"${SECRET}"}]}`,
    ACCESS_TEAM_DOMAIN: SECRET,
    OPERATOR_SCOPE: `${SECRET} ${SECRET}`,
  };
  const findAll = () => findProblems({ ...bad, ACCESS_AUD: SECRET });

  it("is tested with a bad value of every setting that can have one", () => {
    expect([...Object.keys(bad), ...ANY_TEXT].toSorted()).toEqual(SETTING_NAMES.toSorted());
  });

  it("names every bad setting at once", () => {
    const problems = findAll();
    expect(new Set(problems.map((problem) => problem.split(" ")[0]))).toEqual(new Set(Object.keys(bad)));
    expect(problems).toHaveLength(Object.keys(bad).length);
    expect(new SettingsError(problems).message).toBe(`bad settings: ${problems.join("; ")}`);
  });

  it("says nothing of what is in them", () => {
    expect(findAll().join()).not.toContain(SECRET);
  });
});
