import { expect, it } from "vitest";
import { checkImports, findWrongImports } from "../../scripts/imports.ts";

const FILES = {
  "src/app.ts": "export type App = 1;",
  "src/console/routes.ts": "",
  "src/console/runs/page.tsx": "",
  "src/console/shell/components.tsx": "",
  "src/http/body.ts": "",
  "src/gate/client.ts": "",
  "src/platform/json.ts": "",
  "scripts/token.ts": "",
  "test/support/clock.ts": "",
};

it.each<[string, string, string, string]>([
  ["a new folder", "src/new/a.ts", "", "is in no part"],
  ["a new file beside app.ts", "src/new.ts", "", "is in no part"],
  ["a new feature of the console", "src/console/new/routes.ts", "", "is in no part"],
  ["a new file in the root", "new.ts", "", "is in no part"],
  ["an import upwards", "src/gate/a.ts", 'import "../http/body.ts";', "src/gate/ does not import src/http/"],
  ["a type", "src/runs/a.ts", 'import type { A } from "../gate/client.ts";', "does not import src/gate/"],
  [
    "a type in an expression",
    "src/runs/a.ts",
    'type A = import("../gate/client.ts").A;',
    "does not import src/gate/",
  ],
  [
    "what is exported again",
    "src/runs/a.ts",
    'export * from "../gate/client.ts";',
    "does not import src/gate/",
  ],
  ["a later import", "src/runs/a.ts", 'f(() => import("../gate/client.ts"));', "does not import src/gate/"],
  ["a call of require", "src/runs/a.ts", 'require("../gate/client.ts");', "does not import src/gate/"],
  [
    "a specifier without its ending",
    "src/http/a.ts",
    'import "../gate/client";',
    "is no package and no file",
  ],
  [
    "a specifier with another ending",
    "src/http/a.ts",
    'import "../gate/client.js";',
    "is no package and no file",
  ],
  ["a folder", "src/http/a.ts", 'import "../gate";', "is no package and no file"],
  ["a path from the root", "src/runs/a.ts", 'import "/src/gate/client.ts";', "is no package and no file"],
  ["a URL of a file", "src/runs/a.ts", 'import "file:///src/gate/client.ts";', "is no package and no file"],
  ["a template", "src/http/a.ts", "import(`../gate/client.ts`);", "import() takes a string literal"],
  ["a name that is computed", "src/http/a.ts", "import(name);", "import() takes a string literal"],
  ["hono", "src/start/a.ts", 'import { Hono } from "hono";', "know hono"],
  ["a part of hono", "src/start/a.ts", 'import "hono/jsx/jsx-runtime";', "know hono"],
  ["markup", "src/start/a.tsx", "", "have markup"],
  ["markup of a route", "src/http/routes/a.tsx", "", "have markup"],
  ["start and consumer", "src/start/a.ts", 'import "../consumer/a.ts";', "does not import src/consumer/"],
  [
    "shell and a feature",
    "src/console/shell/a.ts",
    'import "../runs/page.tsx";',
    "does not import src/console/runs/",
  ],
  [
    "two features",
    "src/console/users/a.ts",
    'import "../runs/page.tsx";',
    "does not import src/console/runs/",
  ],
  [
    "a feature and app.ts",
    "src/console/runs/a.ts",
    'import type { App } from "../../app.ts";',
    "does not import src/app.ts",
  ],
  ["the gateway and a script", "src/app.ts", 'import "../scripts/token.ts";', "does not import scripts/"],
  [
    "the gateway and a test",
    "src/gate/a.ts",
    'import "../../test/support/clock.ts";',
    "does not import test/support/",
  ],
  ["the bench and a test", "bench/a.ts", 'import "../test/gate/a.ts";', "does not import test/"],
  ["a script and a feature", "scripts/a.ts", 'import "../src/gate/client.ts";', "does not import src/gate/"],
  [
    "what tests share, and the bench",
    "test/support/a.ts",
    'import "../../bench/b.ts";',
    "does not import bench/",
  ],
])("finds %s", (_what, file, text, fault) => {
  const more = { "src/consumer/a.ts": "", "test/gate/a.ts": "", "bench/b.ts": "" };
  const found = find({ ...FILES, ...more, [file]: text && `\n${text}` });
  expect(found).toEqual([expect.stringContaining(fault)]);
  expect(found[0]?.startsWith(`${file}:${text ? 2 : 1}: `)).toBe(true);
});

it.each<[string, string, string]>([
  [
    "down",
    "src/http/a.ts",
    'import { A, type B } from "../gate/client.ts"; import "./body.ts"; import("../platform/json.ts");',
  ],
  [
    "from a feature to what features share",
    "src/console/users/a.tsx",
    'import "../shell/components.tsx"; import "hono/jsx";',
  ],
  [
    "packages",
    "src/platform/a.ts",
    'import "node:zlib"; import "cloudflare:workers"; import "jose"; import "@a/b/c.js";',
  ],
  [
    "from a test to anything",
    "test/gate/a.ts",
    'import "../../src/app.ts"; import "../../scripts/token.ts?raw";',
  ],
  [
    "as a text that is no code",
    "src/runs/a.ts",
    'const said = \'import "../gate/client.ts"\'; // import("../app.ts")',
  ],
])("lets through what leads %s", (_where, file, text) => {
  expect(find({ ...FILES, [file]: text })).toEqual([]);
});

it("the repository imports as its list says", () => {
  const { passed, failed } = checkImports();
  expect(passed).toBeGreaterThan(700);
  expect(failed).toBe(0);
});

function find(files: Record<string, string>): string[] {
  return findWrongImports(Object.keys(files), (file) => files[file] ?? "");
}
