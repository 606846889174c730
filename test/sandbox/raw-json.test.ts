import { expect, test } from "vitest";
import { members } from "../../sandbox/raw-json.ts";

test.each<[string, string, [string, string][]]>([
  [
    "numbers keep every digit and their spelling",
    '{"a":12345678901234567890,"b":1.10,"c":1e400,"d":-0.0}',
    [
      ["a", "12345678901234567890"],
      ["b", "1.10"],
      ["c", "1e400"],
      ["d", "-0.0"],
    ],
  ],
  [
    "a value is cut without the blanks around it, and keeps those inside",
    ' \r\n{ "data"\t:\n { "x" : [ 1 , 2 ] } , "b" : true\t}\n',
    [
      ["data", '{ "x" : [ 1 , 2 ] }'],
      ["b", "true"],
    ],
  ],
  [
    "brackets, commas and escaped quotes in strings end nothing",
    '{"a":"}],\\"","b":{"c":"\\\\"},"d":["}",{"e":"{"}]}',
    [
      ["a", '"}],\\""'],
      ["b", '{"c":"\\\\"}'],
      ["d", '["}",{"e":"{"}]'],
    ],
  ],
  ["names are compared by what they mean", '{"in\\u0070uts":1}', [["inputs", "1"]]],
  ["the last of two equal names stands, as with JSON.parse", '{"a":1,"a":2}', [["a", "2"]]],
  ["strings keep their escapes and characters", '{"a":"\\u00e9 é \\/ 😀"}', [["a", '"\\u00e9 é \\/ 😀"']]],
  ["an empty object has no members", "{ }", []],
  ["an array has none", "[1,2]", []],
])("%s", (_what, text, found) => {
  expect([...members(text)]).toEqual(found);
});

test("depth costs no stack", () => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  expect(members(`{"inputs":${deep},"page":"1"}`).get("inputs")).toBe(deep);
});
