// Under which licences everything stands that `npm ci` installs, as package-lock.json says. Fails on one that is not
// allowed: in the bundle only permissive ones are, because it is handed on to Cloudflare; tools that are only run may also
// be under a weak copyleft, or given to the public by a text that not every law knows (docs/dependencies.md).
import { readFileSync } from "node:fs";

type Package = { name: string; version: string; licence: string; isBundled: boolean };

const LOCK = new URL("../package-lock.json", import.meta.url);
const BSD = ["0BSD", "BSD-2-Clause", "BSD-3-Clause"];
const PERMISSIVE = [...BSD, "Apache-2.0", "CC0-1.0", "ISC", "MIT", "Python-2.0"];
const FOR_TOOLS = [...PERMISSIVE, "LGPL-3.0-or-later", "MPL-2.0", "Unlicense"];

const packages = installed();
const forbidden = packages.filter(
  ({ licence, isBundled }) => !allows(licence, isBundled ? PERMISSIVE : FOR_TOOLS),
);
for (const { name, version, licence } of forbidden)
  console.error(`${name} ${version}: ${licence} is not allowed`);
console.log(`${packages.length} packages, ${forbidden.length} with a licence that is not allowed`);
process.exit(forbidden.length > 0 ? 1 : 0);

function installed(): Package[] {
  type Entry = {
    version: string;
    license?: string;
    dev?: boolean;
    devOptional?: boolean;
    optional?: boolean;
  };
  const lock: { packages: Record<string, Entry> } = JSON.parse(readFileSync(LOCK, "utf8"));
  // The first one is the project itself.
  return Object.entries(lock.packages)
    .slice(1)
    .map(([path, entry]) => {
      const { version, license: licence = "none", dev, devOptional, optional } = entry;
      const isTool = dev === true || devOptional === true || optional === true;
      return { name: path.split("node_modules/").at(-1) ?? "", version, licence, isBundled: !isTool };
    });
}

/** An SPDX expression, as far as packages use it: of an OR one side is enough, of an AND both are needed. */
function allows(expression: string, allowed: readonly string[]): boolean {
  const plain = expression.replace(/^\((.*)\)$/, "$1");
  if (plain.includes(" OR ")) return plain.split(" OR ").some((part) => allows(part, allowed));
  return plain.split(" AND ").every((part) => allowed.includes(part));
}
