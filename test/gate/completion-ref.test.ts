import { beforeAll, describe, expect, it } from "vitest";
import { makeRef, parseRef } from "../../src/gate/completion-ref.ts";
import type { Jwk } from "../../src/platform/settings.ts";
import { makeSigningKey } from "../support/tokens.ts";

const REF = { gate: "0a".repeat(32), runKey: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11" };

let older: Jwk;
let newer: Jwk;
let signed: string;

beforeAll(async () => {
  older = await makeSigningKey();
  newer = await makeSigningKey();
  signed = await makeRef(REF, [older]);
});

describe("a ref", () => {
  it("names the gate and the row, fit for a path", () => {
    expect(signed).toMatch(/^(0a){32}\.0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11\.[\w-]{43}$/);
  });

  it("is made by the first key and stays good while that key is published", async () => {
    expect(await makeRef(REF, [older, newer])).toBe(signed);
    expect(await parseRef(signed, [older])).toEqual(REF);
    expect(await parseRef(signed, [newer, older])).toEqual(REF);
    expect(await parseRef(await makeRef(REF, [newer, older]), [newer, older])).toEqual(REF);
  });

  it("is worth nothing once its key is gone", async () => {
    expect(await parseRef(signed, [newer])).toBeNull();
    expect(await parseRef(signed, [])).toBeNull();
  });

  it("comes from the private half alone: the public key makes another", async () => {
    const { d: _private, ...published } = older;
    expect(await makeRef(REF, [{ ...published, d: published.x ?? "" }])).not.toBe(signed);
  });
});

describe("refused is", () => {
  const otherKey = REF.runKey.replace("0b", "0c");
  it.each<[string, (ref: string) => string]>([
    ["an empty one", () => ""],
    ["one without its MAC", (ref) => ref.slice(0, ref.lastIndexOf("."))],
    ["a truncated one", (ref) => ref.slice(0, -1)],
    ["one with a character too many", (ref) => `${ref}A`],
    ["one with a line break behind it", (ref) => `${ref}\n`],
    ["one of another gate", (ref) => ref.replace("0a", "0b")],
    ["one of another row", (ref) => ref.replace(REF.runKey, otherKey)],
    ["one in upper case", (ref) => ref.replace(REF.runKey, REF.runKey.toUpperCase())],
    ["one whose MAC is another", (ref) => `${ref.slice(0, -43)}${"A".repeat(43)}`],
    ["one with padding", (ref) => `${ref}=`],
    ["one whose parts change places", (ref) => ref.split(".").toReversed().join(".")],
  ])("%s", async (_name, change) => {
    expect(await parseRef(change(signed), [older])).toBeNull();
  });

  it("any respelling of the last character, whose spare bits mean nothing", async () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const spellings = Array.from(alphabet, (last) => signed.slice(0, -1) + last);
    const good = await Promise.all(spellings.map((text) => parseRef(text, [older])));
    expect(good.filter((ref) => ref !== null)).toHaveLength(1);
  });
});
