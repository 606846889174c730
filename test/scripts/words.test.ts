import { expect, it } from "vitest";
import { findOldWords } from "../../scripts/words.ts";

it.each<[string, string, string, string[]]>([
  [
    "a name in code",
    "a.ts",
    "const a = 1;\nconst journal = [];",
    ['2: "journal" is now audit store, record'],
  ],
  [
    "a member that is declared here",
    "a.ts",
    "type A = { began: number };",
    ['1: "began" is now created, started'],
  ],
  [
    "a word of a name",
    "a.ts",
    "const isTold = users_resting + PROBING_MS;",
    [
      '1: "isTold" is now applyAttempt, DeliveryResult, reported, attempts',
      '1: "users_resting" is now open, half_open',
      '1: "PROBING_MS" is now open, half_open',
    ],
  ],
  [
    "a compound in a document",
    "a.md",
    "the column `told_at_ms`",
    ['1: "told_at_ms" is now applyAttempt, DeliveryResult, reported, attempts'],
  ],
  [
    "a dotted event",
    "a.ts",
    'log({ event: "audit.lost" });',
    ['1: "audit.lost" is now deadLetter of a delivery, abandon of a run'],
  ],
  ["a column in SQL", "a.sql", "letter_key TEXT", ['1: "letter_key" is now dead letter, redelivery batch']],
  ["a wire word", "src/a.ts", 'mark("letters");', ['1: "letters" is now dead letter, redelivery batch']],
  [
    "a name in JavaScript",
    "a.mjs",
    "function retell() {}",
    ['1: "retell" is now applyAttempt, DeliveryResult, reported, attempts'],
  ],
  [
    "a file",
    "src/gate/retell.ts",
    "",
    ['1: "retell.ts" is now applyAttempt, DeliveryResult, reported, attempts'],
  ],
  [
    "a console's word in the console",
    "src/console/a.ts",
    "const act = 1;",
    ['1: "act" is now form handler, page handler, component'],
  ],
  ["none elsewhere", "src/gate/a.ts", "const act = 1;", []],
  ["a key of a row", "a.ts", "promise.key;", ['1: "promise.key" is now runKey']],
  ["a parameter called of", "a.ts", "const a = (of: A) => of;", ['1: "of" is now what it is']],
  ["no loop and no member", "a.ts", "for (const a of list) A.of(a);", []],
  ["no part of a word", "a.ts", "const deadLetters = [threshold, lookUp, interests];", []],
  ["no member of a library", "a.ts", "list.shift();", []],
  ["no name in prose", "src/a.ts", 'const said = "it was made"; // and lost, within 30 s', []],
  [
    "a word without a meaning, in a comment too",
    "a.md",
    "Nobody knows.",
    ['1: "Nobody" is now the part: the gate, the consumer, the receiver, a caller'],
  ],
])("finds %s", (_what, file, text, found) => {
  expect(findOldWords(file, text)).toEqual(found);
});
