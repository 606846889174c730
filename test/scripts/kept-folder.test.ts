import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { keptFolder } from "../../scripts/kept-folder.ts";

const PROJECT = join(import.meta.dirname, "../..");

let sources: string;
let name: string;
const kept = new Set<string>();
beforeEach(() => {
  sources = mkdtempSync(join(PROJECT, "dist-kept-"));
  name = `test-${sources.slice(-6)}`;
  writeFileSync(join(sources, "a"), "one");
});
afterEach(() => {
  for (const folder of [sources, ...kept]) rmSync(folder, { recursive: true, force: true });
});

async function keep(make: (folder: string) => void): Promise<string> {
  const folder = await keptFolder(name, [`${relative(PROJECT, sources)}/**`], async (draft) => make(draft));
  kept.add(folder);
  return folder;
}

function copy(folder: string): void {
  writeFileSync(join(folder, "copy"), readFileSync(join(sources, "a")));
}

it("a folder is made once, and again after a change", async () => {
  let builds = 0;
  const count = (folder: string) => {
    builds += 1;
    copy(folder);
  };
  const first = await keep(count);
  expect([await keep(count), builds]).toEqual([first, 1]);
  appendFileSync(join(sources, "a"), " two");
  const second = await keep(count);
  expect([second === first, builds, readFileSync(join(second, "copy"), "utf8")]).toEqual([
    false,
    2,
    "one two",
  ]);
  writeFileSync(join(sources, "a"), "one");
  expect([await keep(count), builds]).toEqual([first, 2]);
});

it("what was made while a file changed is not kept", async () => {
  let changes = 1;
  const folder = await keep((draft) => {
    copy(draft);
    if (changes-- > 0) writeFileSync(join(sources, "a"), "changed meanwhile");
  });
  expect(readFileSync(join(folder, "copy"), "utf8")).toBe("changed meanwhile");
  writeFileSync(join(sources, "a"), "one");
  expect(readFileSync(join(await keep(copy), "copy"), "utf8")).toBe("one");
});
