// npm run licences [-- --check]: writes into docs/dependencies.md under which licences everything stands that `npm ci`
// installs, as package-lock.json says. With --check it writes nothing, and fails when the page is out of date. Either
// way it fails on a licence that is not allowed: in the bundle only permissive ones are, because it is handed on to
// Cloudflare; tools that are only run may also be under a weak copyleft.
import { readFileSync, writeFileSync } from "node:fs";

type Package = { name: string; version: string; licence: string; isBundled: boolean };

const PAGE = new URL("../docs/dependencies.md", import.meta.url);
const LOCK = new URL("../package-lock.json", import.meta.url);
const BEGIN = "<!-- written by `npm run licences` -->";
const END = "<!-- end -->";

const PERMISSIVE = [
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "Python-2.0",
];
const FOR_TOOLS = [...PERMISSIVE, "LGPL-3.0-or-later", "MPL-2.0"];

const packages = installed();
const forbidden = packages.filter(
  ({ licence, isBundled }) => !allows(licence, isBundled ? PERMISSIVE : FOR_TOOLS),
);
for (const { name, version, licence } of forbidden)
  console.error(`${name} ${version}: ${licence} is not allowed`);

const page = readFileSync(PAGE, "utf8");
const fresh = withSection(page, section(packages));
const isStale = fresh !== page;
if (process.argv.includes("--check")) {
  if (isStale) console.error("docs/dependencies.md is out of date: npm run licences");
} else if (isStale) {
  writeFileSync(PAGE, fresh);
}
console.log(`${packages.length} packages, ${forbidden.length} with a licence that is not allowed`);
process.exit(forbidden.length > 0 || (isStale && process.argv.includes("--check")) ? 1 : 0);

function installed(): Package[] {
  type Entry = {
    version?: string;
    license?: string;
    dev?: boolean;
    devOptional?: boolean;
    optional?: boolean;
  };
  const lock: { packages: Record<string, Entry> } = JSON.parse(readFileSync(LOCK, "utf8"));
  return Object.entries(lock.packages).flatMap(
    ([path, { version = "", license = "none", dev, devOptional, optional }]) => {
      const name = path.split("node_modules/").at(-1) ?? "";
      // The first one is the project itself.
      if (path === "") return [];
      const isTool = dev === true || devOptional === true || optional === true;
      return [{ name, version, licence: license, isBundled: !isTool }];
    },
  );
}

/** An SPDX expression, as far as packages use it: of an OR one side is enough, of an AND both are needed. */
function allows(expression: string, allowed: readonly string[]): boolean {
  const plain = expression.replace(/^\((.*)\)$/, "$1");
  if (plain.includes(" OR ")) return plain.split(" OR ").some((part) => allows(part, allowed));
  return plain.split(" AND ").every((part) => allowed.includes(part));
}

function section(all: readonly Package[]): string {
  const bundled = all.filter(({ isBundled }) => isBundled);
  const rows = bundled.map(({ name, version, licence }) => `| \`${name}\` | ${version} | ${licence} |`);
  return [
    "In the bundle:",
    "",
    "| package | version | licence |",
    "|---|---|---|",
    ...rows.toSorted(),
    "",
    "For development, with everything that those packages bring along:",
    "",
    "| licence | packages | |",
    "|---|---|---|",
    ...byLicence(all.filter(({ isBundled }) => !isBundled)),
  ].join("\n");
}

/** The usual licences are counted; packages under any other are named. */
function byLicence(tools: readonly Package[]): string[] {
  const licences = [...new Set(tools.map(({ licence }) => licence))].toSorted();
  return licences.map((licence) => {
    const names = new Set(tools.filter((tool) => tool.licence === licence).map(({ name }) => name));
    const shown = allows(licence, ["MIT", "ISC", "Apache-2.0"]) ? "" : [...names].toSorted().join(", ");
    return `| ${licence} | ${names.size} | ${shown} |`;
  });
}

function withSection(text: string, content: string): string {
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error("docs/dependencies.md has no place for licences");
  return `${before}${BEGIN}\n\n${content}\n\n${END}${after}`;
}
