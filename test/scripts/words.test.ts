import { expect, it } from "vitest";
import { findOldWords } from "../../scripts/words.ts";

it.each<[string, string, string, string[]]>([
  [
    "a name in code",
    "a.ts",
    "const a = 1;\nconst journal = [];",
    ['2: "journal" is now audit store, record'],
  ],
  ["a member that is declared here", "a.ts", "type A = { began: number };", ['1: "began" is now created']],
  ["no member of a library", "a.ts", "list.shift();", []],
  ["no name in prose", "a.ts", 'const said = "it was made"; // and lost', []],
  [
    "a word without a meaning, in a comment too",
    "a.md",
    "Nobody knows.",
    ['1: "Nobody" is now the part: the gate, the consumer, the receiver, a caller'],
  ],
])("finds %s", (_what, file, text, found) => {
  expect(findOldWords(file, text)).toEqual(found);
});
