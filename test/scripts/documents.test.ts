// What the pages say of each other, of the platform and of the packages is there: links, sources, versions. And the example
// workflow gives `npm run deploy` what it takes.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseOptions } from "../../scripts/deploy/options.ts";
import { chooseSettings, SECRET_NAMES } from "../../scripts/deploy/settings.ts";
import { newSigningKeys } from "../../scripts/deploy/signing-keys.ts";
import { SETTING_NAMES } from "../../src/platform/settings.ts";

const PAGES = globSync(["*.md", "docs/*.md", "examples/**/*.md", "clients/**/*.md"]).toSorted();
const FENCE = /^( *)```.*?^\1```$/gms;

/** As GitHub makes them of headings. */
function anchorsIn(page: string): string[] {
  const text = readFileSync(page, "utf8").replaceAll(FENCE, "");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

it.each(PAGES)("every link of %s leads to a file, and to a heading of it", (page) => {
  const text = readFileSync(page, "utf8").replaceAll(FENCE, "");
  const links = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = ""]) => link);
  const dead = links.filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : normalize(join(dirname(page), path));
    if (globSync(target).length === 0) return true;
    return anchor !== undefined && target.endsWith(".md") && !anchorsIn(target).includes(anchor);
  });
  expect(dead).toEqual([]);
});

it("docs/dependencies.md has each package: why it is there, its pinned version and the newest", () => {
  type Packages = Record<string, string>;
  const project: Record<"dependencies" | "devDependencies" | "optionalDependencies" | "overrides", Packages> =
    JSON.parse(readFileSync("package.json", "utf8"));
  const { dependencies, devDependencies, optionalDependencies, overrides } = project;
  const reasoned = { ...dependencies, ...devDependencies, ...optionalDependencies };
  const text = readFileSync("docs/dependencies.md", "utf8");
  const [why = "", pinned = ""] = text.split("## Pinned and newest");
  const reasons = [...why.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([row]) => [
    ...row.matchAll(/`([^`]+)` ?[,|]/g),
  ]);
  expect(reasons.map(([, name]) => name).toSorted()).toEqual(Object.keys(reasoned).toSorted());
  const rows = pinned.matchAll(/^\| `([^`]+)` \| (\S+) \| \S+, \d{4}-\d{2}-\d{2} \|/gm);
  expect(Object.fromEntries([...rows].map(([, name, version]) => [name, version]))).toEqual({
    ...reasoned,
    ...overrides,
  });
});

describe("docs/platform-assumptions.md", () => {
  const [sourced = "", unsourced = ""] = readFileSync("docs/platform-assumptions.md", "utf8").split(
    "## What no page says",
  );
  it("names for each assumption a public page, what depends on it, and how to check it", () => {
    const rows = rowsIn(sourced);
    expect(rows.length).toBeGreaterThan(20);
    for (const [assumed = "", source = "", depends = "", check = "", ...rest] of rows) {
      expect(source, assumed).toMatch(
        /\]\(https:\/\/(?:developers|blog)\.cloudflare\.com\/|\]\(https:\/\/github\.com\/cloudflare\/|no number is published/,
      );
      expect([depends.trim(), check.trim(), rest], assumed).toEqual([
        expect.stringMatching(/./),
        expect.stringMatching(/./),
        [],
      ]);
    }
  });

  it("says which ones no page has, and how to check those", () => {
    const rows = rowsIn(unsourced);
    expect(rows.length).toBeGreaterThan(3);
    for (const row of rows) expect(row).toHaveLength(3);
  });
});

describe("examples/github-actions/deploy.yml", () => {
  type Step = { run?: string; env?: Record<string, string> };
  type Job = { environment: string; needs?: string; steps: Step[] };
  const { jobs }: { jobs: Record<string, Job> } = parse(
    readFileSync("examples/github-actions/deploy.yml", "utf8"),
  );

  it("deploys staging, then production, each in its own environment and with options that exist", () => {
    expect(Object.entries(jobs).map(([name, { environment, needs }]) => [name, environment, needs])).toEqual([
      ["staging", "staging", undefined],
      ["production", "production", "staging"],
    ]);
    for (const [name, { steps }] of Object.entries(jobs)) {
      const run = steps.at(-1)?.run?.replace("${{ github.job }}", name) ?? "";
      expect(run).toMatch(/^npm run deploy -- /);
      expect(parseOptions(run.split(" -- ")[1]?.split(" ") ?? [])).toMatchObject({ environment: name });
    }
  });

  it("gives every setting that the command takes from the environment, from the right store, and no other", async () => {
    const shell = Object.fromEntries(SETTING_NAMES.map((name) => [name, "x"]));
    const nothing = { vars: {}, deployed: {}, secrets: new Set<string>(), hasUpstreamBinding: false };
    const { sources } = await chooseSettings({ ...nothing, shell }, await newSigningKeys(), null);
    const expected = [
      ...["CLOUDFLARE_API_TOKEN", ...SECRET_NAMES].map((name) => [name, `\${{ secrets.${name} }}`]),
      ...["CLOUDFLARE_ACCOUNT_ID", ...Object.keys(sources)].map((name) => [name, `\${{ vars.${name} }}`]),
    ];
    for (const { steps } of Object.values(jobs))
      expect(steps.at(-1)?.env).toEqual(Object.fromEntries(expected));
  });
});

/** The cells of each row of its tables. */
function rowsIn(text: string): string[][] {
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| assumed"));
  return rows.map((line) => line.split("|").slice(1, -1));
}
