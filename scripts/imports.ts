// What may import what (docs/architecture.md, "Where things live"), as one list: whatever it does not allow is a fault.
import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";
import { type Count, GENERATED } from "./checks.ts";

type Import = { line: number; specifier: string | null };

const FEATURES =
  "audit charges dead-letters destinations errors overview redelivery reindex run runs sign-in users".split(
    " ",
  );
/** From the top: each part imports itself and the lines below its own. Parts of one line do not know each other. */
const GATEWAY: readonly (readonly string[])[] = [
  ["src/index.ts"],
  ["src/app.ts"],
  ["src/console/routes.ts"],
  FEATURES.map((feature) => `src/console/${feature}/`),
  ["src/console/shell/"],
  ["src/console/assets/"],
  ["src/http/"],
  ["src/start/", "src/consumer/"],
  ["src/operators/"],
  ["src/services/"],
  ["src/gate/"],
  ["src/callbacks/"],
  ["src/upstream/"],
  ["src/runs/"],
  ["src/rate-limit/"],
  ["src/auth/"],
  ["src/contract/"],
  ["src/platform/"],
];
/** Beside the lines above; for the parts outside of `src/`, which import nothing else, all there is. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  "src/console/dead-letters/": ["src/console/run/"], // redelivers as a run's page does
  "src/console/run/": ["src/console/runs/"], // has the summary that the list has
  "sandbox/": [],
  "clients/": [],
  "examples/": [],
  // It examines any gateway: only its tokens for the sandbox are ours.
  "conformance/": ["scripts/dev-token.ts", "scripts/http-url.ts"],
  "scripts/": ["src/contract/", "src/platform/", "examples/node-jose/"],
  "bench/": ["src/", "scripts/", "test/support/", "test/flows/support/"], // the same fakes and starts as the tests'
  "test/support/": ["src/", "test/contract/"],
  "test/flows/support/": ["src/contract/", "scripts/", "conformance/", "test/support/"],
  "test/": [""], // tests reach everything, documents and each other's fixtures too
  "vitest.config.ts": ["scripts/test-projects.ts"],
};
const HONO = ["src/app.ts", "src/console/", "src/http/", "sandbox/", "bench/"];
const JSX = ["src/console/", "src/http/docs/"];
/** They import the file that a command line or a test names. */
const COMPUTED = ["scripts/run.mjs", "test/flows/support/example-receivers.ts"];

const ALLOWED = new Map<string, readonly string[]>([
  ...Object.entries(ALSO),
  ...GATEWAY.flatMap((line, index) => {
    const below = GATEWAY.slice(index + 1).flat();
    return line.map((part) => [part, [...below, ...(ALSO[part] ?? [])]] as const);
  }),
]);
const PACKAGE = /^@?[a-z][\w./-]*$|^(?:node|cloudflare):/;
const CODE = /\.[cm]?[jt]sx?$/;
const GENERATED_TYPES = "worker-configuration.d.ts";

export function checkImports(): Count {
  const files = globSync("**/*.*", { exclude: (name) => [...GENERATED, GENERATED_TYPES].includes(name) });
  const faults = findWrongImports(files, (file) => readFileSync(file, "utf8"));
  for (const fault of faults) console.error(fault);
  return { passed: files.length, failed: faults.length };
}

/** Each as `file:line: what is wrong`. */
export function findWrongImports(files: readonly string[], read: (file: string) => string): string[] {
  const known = new Set(files);
  return files
    .filter((file) => CODE.test(file))
    .flatMap((file) => {
      const part = findPart(file);
      if (part === undefined) return [`${file}:1: is in no part that scripts/imports.ts lists`];
      const isMarkup = file.endsWith("x") && !isIn(JSX, file);
      const imports = findImports(file, read(file)).map(({ line, specifier }) => ({
        line,
        fault: judge(file, part, specifier, known),
      }));
      const faults = isMarkup
        ? [{ line: 1, fault: `only ${JSX.join(", ")} have markup` }, ...imports]
        : imports;
      return faults.flatMap(({ line, fault }) => (fault === null ? [] : [`${file}:${line}: ${fault}`]));
    });
}

/** The longest name wins: `test/support/` is not `test/`. */
function findPart(file: string): string | undefined {
  const parts = [...ALLOWED.keys()].filter((part) => isIn([part], file));
  return parts.toSorted((a, b) => b.length - a.length)[0];
}

function judge(file: string, part: string, specifier: string | null, known: Set<string>): string | null {
  if (specifier === null) return isIn(COMPUTED, file) ? null : "import() takes a string literal";
  if (/^hono(?:\/|$)/.test(specifier)) return isIn(HONO, file) ? null : `only ${HONO.join(", ")} know hono`;
  if (PACKAGE.test(specifier)) return null;
  const target = posix.join(posix.dirname(file), specifier.replace(/\?raw$/, ""));
  if (!specifier.startsWith(".") || !known.has(target)) return `"${specifier}" is no package and no file`;
  const targetPart = findPart(target);
  const isAllowed = targetPart === part || isIn(ALLOWED.get(part) ?? [], target);
  return isAllowed ? null : `${part} does not import ${targetPart ?? target}`;
}

/** `src/app.ts` is the file, `src/auth/` all that is in the folder. */
function isIn(parts: readonly string[], file: string): boolean {
  return parts.some((part) => file === part || (/(?:^|\/)$/.test(part) && file.startsWith(part)));
}

/** Also of types, exported again, and later by a call; `null` where the call computes what it imports. */
function findImports(file: string, text: string): Import[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const name = findSpecifier(node);
    if (name !== undefined) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      found.push({ line, specifier: name !== null && ts.isStringLiteral(name) ? name.text : null });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function findSpecifier(node: ts.Node): ts.Node | null | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : null;
  if (!ts.isCallExpression(node)) return undefined;
  const { kind } = node.expression;
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === "require";
  return kind === ts.SyntaxKind.ImportKeyword || isRequire ? (node.arguments[0] ?? null) : undefined;
}
