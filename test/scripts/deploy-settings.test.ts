// The options of a deployment, where its settings come from, and who is asked for what.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseOptions, UsageError } from "../../scripts/deploy/options.ts";
import {
  type Ask,
  chooseSettings,
  type Given,
  requireGood,
  SECRET_NAMES,
} from "../../scripts/deploy/settings.ts";
import { newSigningKeys } from "../../scripts/deploy/signing-keys.ts";
import { readTarget } from "../../scripts/deploy/target.ts";
import { Failure } from "../../scripts/failure.ts";
import { words } from "../support/words.ts";

const ISSUERS =
  '[{"issuer":"https://i.example","audience":"a","algorithms":["ES256"],"jwks_uri":"https://i.example/k"}]';
const PUBLIC_URL = "https://actions.example.com";
const UPSTREAM_URL = "https://upstream.example.com";
const ALL = { PUBLIC_URL, JWT_ISSUERS: ISSUERS, UPSTREAM_URL };

const README = readFileSync("README.md", "utf8");
const KEYS = await newSigningKeys();
const NOTHING = { shell: {}, vars: {}, deployed: {}, secrets: new Set<string>(), hasUpstreamBinding: false };

function choose(given: Partial<Given>, ask: Ask = null) {
  return chooseSettings({ ...NOTHING, ...given }, KEYS, ask);
}

/** Answers in turn, and keeps what was asked. */
function answering(...answers: string[]) {
  const asked: string[] = [];
  const ask: Ask = async (name, meaning, isSecret) => {
    asked.push(`${name}${isSecret ? ", unseen" : ""}: ${meaning}`);
    const answer = answers.shift();
    if (answer === undefined) throw new Error(`asked once more than there are answers: ${name}`);
    return answer;
  };
  return { ask, asked };
}

describe("options", () => {
  it("are read as the page says", () => {
    const defaults = { environment: "production", isDryRun: false, checkUrl: null, checkSeconds: 120 };
    expect(parseOptions([])).toEqual(defaults);
    const given = words`--env staging --dry-run --check-url https://a.example/x --check-seconds 600`;
    const others = {
      environment: "staging",
      isDryRun: true,
      checkUrl: "https://a.example",
      checkSeconds: 600,
    };
    expect(parseOptions(given)).toEqual(others);
  });

  it.each([
    { args: ["--soon"], says: /^Unknown option '--soon'[^]*\nusage: npm run deploy/ },
    { args: ["--check-seconds", "long"], says: /^--check-seconds takes a whole number of seconds\nusage: / },
    { args: ["--env", ""], says: /^--env takes the name of an environment\nusage: / },
    ...["actions", "edge-actions.me.workers.dev:443", "localhost:8787", "mailto:x"].map((url) => ({
      args: ["--check-url", url],
      says: /^--check-url takes a URL\nusage: /,
    })),
  ])("$args are refused with what is wrong about them", ({ args, says }) => {
    const parse = () => parseOptions(args);
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(says);
  });

  it("an environment that wrangler.toml does not have is refused by name", () => {
    const places = { configFile: "wrangler.toml", folder: "dist/deploy" };
    expect(() => readTarget("nowhere", places)).toThrow(Failure);
    expect(() => readTarget("nowhere", places)).toThrow(/No environment found.*"nowhere"/);
  });
});

describe("where a setting is from", () => {
  it("the environment wins over wrangler.toml, and that over what was deployed", async () => {
    const { vars, sources, missing, bad } = await choose({
      shell: { UPSTREAM_URL },
      vars: { UPSTREAM_URL: "https://toml.example", PUBLIC_URL: "https://toml.example" },
      deployed: { ...ALL, PUBLIC_URL: "https://deployed.example" },
    });
    expect(vars).toEqual({ UPSTREAM_URL, PUBLIC_URL: "https://toml.example", JWT_ISSUERS: ISSUERS });
    expect(sources).toEqual({
      PUBLIC_URL: "wrangler.toml",
      JWT_ISSUERS: "as deployed",
      UPSTREAM_URL: "environment",
    });
    expect([missing, bad]).toEqual([[], []]);
  });

  it("one with a default is wrangler.toml's alone: taken out there, it is gone", async () => {
    const deployed = { ...ALL, READ_LIMIT: "5" };
    expect((await choose({ shell: { READ_LIMIT: "6" }, deployed })).vars).toEqual(ALL);
    expect((await choose({ vars: { READ_LIMIT: "7" }, deployed })).vars).toEqual({ ...ALL, READ_LIMIT: "7" });
  });

  it("an empty variable is none", async () => {
    const { sources } = await choose({ shell: { ...ALL, PUBLIC_URL: "" }, deployed: ALL });
    expect(sources["PUBLIC_URL"]).toBe("as deployed");
  });

  it("an empty var of wrangler.toml takes off what was deployed", async () => {
    const access = { ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com", ACCESS_AUD: "32f2" };
    const off = { ACCESS_TEAM_DOMAIN: "", ACCESS_AUD: "" };
    const { vars, sources, missing, bad } = await choose({ vars: off, deployed: { ...ALL, ...access } });
    expect(vars).toEqual(ALL);
    expect(Object.keys(sources)).toEqual(["PUBLIC_URL", "JWT_ISSUERS", "UPSTREAM_URL"]);
    expect([missing, bad]).toEqual([[], []]);
    expect((await choose({ vars: off, shell: access, deployed: ALL })).vars).toEqual({ ...ALL, ...access });
    const needed = await choose({ vars: { UPSTREAM_URL: "" }, deployed: ALL });
    expect(needed.missing).toEqual(["UPSTREAM_URL: the backend that runs the actions"]);
  });

  it("a bound upstream takes off the URL that was deployed, and no other", async () => {
    const bound = { hasUpstreamBinding: true, deployed: ALL };
    expect((await choose(bound)).vars).toEqual({ PUBLIC_URL, JWT_ISSUERS: ISSUERS });
    const url = "https://given.example";
    expect((await choose({ ...bound, vars: { UPSTREAM_URL: url } })).vars["UPSTREAM_URL"]).toBe(url);
    expect((await choose({ ...bound, shell: { UPSTREAM_URL: url } })).vars["UPSTREAM_URL"]).toBe(url);
  });
});

describe("a name that is no setting is named, and what was meant where it is near", () => {
  const ELSEWHERE = 'is not a setting. README, "Settings", has all of them.';
  it.each<[Partial<Given>, string[]]>([
    [{ vars: { RATE_LIMT: "5" } }, [`wrangler.toml: RATE_LIMT ${ELSEWHERE}`]],
    [{ vars: { READ_LIMTI: "5" } }, ["wrangler.toml: READ_LIMTI is not a setting. Did you mean READ_LIMIT?"]],
    [
      { shell: { UPSTREAM_ULR: UPSTREAM_URL } },
      ["environment: UPSTREAM_ULR is not a setting. Did you mean UPSTREAM_URL?"],
    ],
    [{ shell: { PUBLIC_UR: "" } }, []],
    [
      { shell: { PATH: "/bin", HOME: "/", CLOUDFLARE_API_TOKEN: "t", DATABASE_URL: "x", PUBLIC_KEY: "x" } },
      [],
    ],
    [{ shell: ALL, vars: { READ_LIMIT: "5" } }, []],
  ])("%o", async (given, ignored) => {
    expect((await choose(given)).ignored).toEqual(ignored);
  });
});

describe("every setting without a default, by README's table", () => {
  it.each(rowsWithoutDefault("none|required"))("$name stays as deployed", async ({ name, isSecret }) => {
    const given = { [name]: "x" };
    const { sources, secrets } = await choose(isSecret ? { shell: given } : { deployed: given });
    if (isSecret) expect(secrets).toHaveProperty(name, "x");
    else expect(sources).toHaveProperty(name, "as deployed");
  });

  it.each(rowsWithoutDefault("required"))("$name is asked for, or made", async ({ name }) => {
    const { secrets, missing } = await choose({});
    const known = [...Object.keys(secrets), ...missing.map((line) => line.split(":")[0])];
    expect(known).toContain(name);
  });

  it("is a secret here where it is one there", () => {
    const secret = rowsWithoutDefault("none|required").filter(({ isSecret }) => isSecret);
    expect(secret.map(({ name }) => name).toSorted()).toEqual(SECRET_NAMES.toSorted());
  });
});

function rowsWithoutDefault(defaults: string): { name: string; isSecret: boolean }[] {
  const rows = README.matchAll(
    new RegExp(String.raw`^\| ([A-Z_\x60, ]+) \| (?:${defaults})(, a secret)? \|`, "gm"),
  );
  return [...rows].flatMap(([, names = "", secret]) =>
    [...names.matchAll(/[A-Z_]+/g)].map(([name]) => ({ name, isSecret: secret !== undefined })),
  );
}

describe("what is missing", () => {
  it("needs no URL of an upstream that is bound", async () => {
    const { missing } = await choose({ hasUpstreamBinding: true });
    expect(missing.map((line) => line.split(":")[0])).toEqual(["PUBLIC_URL", "JWT_ISSUERS"]);
  });

  it("needs the upstream's token where callers' own are sent, unless the Worker has it", async () => {
    const shell = { ...ALL, UPSTREAM_AUTH: "caller" };
    const { missing } = await choose({ shell });
    expect(missing).toEqual(["UPSTREAM_TOKEN: bearer of background reads at the upstream"]);
    expect((await choose({ shell, secrets: new Set(["UPSTREAM_TOKEN"]) })).missing).toEqual([]);
    expect((await choose({ shell: { ...shell, UPSTREAM_TOKEN: "t" } })).secrets["UPSTREAM_TOKEN"]).toBe("t");
  });
});

describe("what is bad", () => {
  it.each<[Partial<Given>, string[]]>([
    [{ shell: { ...ALL, PUBLIC_URL: "http://actions.example.com" } }, ["PUBLIC_URL must be https"]],
    [
      { shell: { ...ALL, UPSTREAM_URL: "upstream", SIGNING_KEYS: '{"keys":[]}' } },
      [
        "UPSTREAM_URL must be an http or https URL without credentials",
        'SIGNING_KEYS must be a JWK set of Ed25519 private keys, each with a "kid"',
      ],
    ],
    [
      { vars: { ...ALL, READ_LIMIT: "many", ALLOW_PRIVATE_CALLBACKS: "true" } },
      [
        "READ_LIMIT must be a whole number from 0 to 1000000",
        "ALLOW_PRIVATE_CALLBACKS must not be true while PUBLIC_URL is https",
      ],
    ],
    [{ vars: { ...ALL, SIGNING_KEYS: KEYS } }, ["SIGNING_KEYS is a secret, and stands in wrangler.toml"]],
  ])("%o", async (given, problems) => {
    const chosen = await choose(given);
    expect(chosen.bad).toEqual(problems);
    for (const problem of problems) expect(() => requireGood(chosen, true)).toThrow(problem);
  });
});

describe("secrets", () => {
  const COMPLETION_TOKEN = "what-the-upstream-sends";

  it("that are given are set, signing keys are made where none are given, and no other is asked for", async () => {
    const { ask, asked } = answering();
    expect((await choose({ shell: ALL }, ask)).secrets).toEqual({ SIGNING_KEYS: KEYS });
    expect(asked).toEqual([]);
    const given = { SIGNING_KEYS: await newSigningKeys(), COMPLETION_TOKEN };
    const { secrets, vars } = await choose({ shell: { ...ALL, ...given } });
    expect([secrets, vars]).toEqual([given, ALL]);
  });

  it("that are there stay, and what is given for them is named as ignored", async () => {
    const secrets = new Set(["SIGNING_KEYS", "COMPLETION_TOKEN"]);
    const chosen = await choose({ shell: { ...ALL, SIGNING_KEYS: KEYS, COMPLETION_TOKEN }, secrets });
    expect(chosen.secrets).toEqual({});
    expect(chosen.ignored.map((line) => line.split(":")[0])).toEqual(
      [...secrets].map((name) => `${name} (environment)`),
    );
  });
});

describe("a user at a terminal", () => {
  it("is asked for what is missing, and again with what is wrong about the answer", async () => {
    const { ask, asked } = answering("actions.example.com", PUBLIC_URL, "", ISSUERS);
    const { vars, sources, missing, bad } = await choose({ shell: { UPSTREAM_URL } }, ask);
    expect(asked).toEqual([
      "PUBLIC_URL: where the outside reaches the gateway, https://…",
      "PUBLIC_URL: must be an http or https URL without credentials",
      "JWT_ISSUERS: JSON array of the issuers whose tokens count",
      "JWT_ISSUERS: is required",
    ]);
    expect(vars).toEqual(ALL);
    expect(sources["PUBLIC_URL"]).toBe("your answer");
    expect([missing, bad]).toEqual([[], []]);
  });

  it("is not shown a secret", async () => {
    const { ask, asked } = answering("token");
    const { vars, secrets } = await choose({ shell: { ...ALL, UPSTREAM_AUTH: "caller" } }, ask);
    expect(asked).toEqual(["UPSTREAM_TOKEN, unseen: bearer of background reads at the upstream"]);
    expect(secrets["UPSTREAM_TOKEN"]).toBe("token");
    expect(vars).not.toHaveProperty("UPSTREAM_TOKEN");
  });
});
