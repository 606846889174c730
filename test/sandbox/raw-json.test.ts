import { describe, expect, test } from "vitest";
import { members } from "../../sandbox/raw-json.ts";

describe("members", () => {
  test("numbers keep every digit and their spelling", () => {
    const found = members('{"a":12345678901234567890,"b":1.10,"c":1e400,"d":-0.0}');
    expect([...found]).toEqual([
      ["a", "12345678901234567890"],
      ["b", "1.10"],
      ["c", "1e400"],
      ["d", "-0.0"],
    ]);
  });

  test("a value is cut without the blanks around it, and keeps those inside", () => {
    const found = members(' \r\n{ "data"\t:\n { "x" : [ 1 , 2 ] } , "b" : true\t}\n');
    expect([...found]).toEqual([
      ["data", '{ "x" : [ 1 , 2 ] }'],
      ["b", "true"],
    ]);
  });

  test("brackets, commas and escaped quotes in strings end nothing", () => {
    const found = members('{"a":"}],\\"","b":{"c":"\\\\"},"d":["}",{"e":"{"}]}');
    expect([...found]).toEqual([
      ["a", '"}],\\""'],
      ["b", '{"c":"\\\\"}'],
      ["d", '["}",{"e":"{"}]'],
    ]);
  });

  test("names are compared by what they mean, not by how they are spelled", () => {
    expect(members('{"in\\u0070uts":1}').get("inputs")).toBe("1");
  });

  test("the last of two equal names stands, as with JSON.parse", () => {
    expect(members('{"a":1,"a":2}').get("a")).toBe("2");
  });

  test("strings keep their escapes and their characters outside ASCII", () => {
    expect(members('{"a":"\\u00e9 é \\/ 😀"}').get("a")).toBe('"\\u00e9 é \\/ 😀"');
  });

  test("an empty object, an array and a scalar have no members", () => {
    for (const text of ["{}", "{ }", "[1,2]", '"{"', "null", "12"]) {
      expect([...members(text)]).toEqual([]);
    }
  });

  test("depth costs no stack", () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    expect(members(`{"inputs":${deep},"page":"1"}`).get("inputs")).toBe(deep);
  });
});
