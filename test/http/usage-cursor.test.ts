import { base64url } from "jose";
import { describe, expect, it } from "vitest";
import { decodeUsageCursor, encodeUsageCursor } from "../../src/http/usage-cursor.ts";

it("a cursor says where the next page begins", () => {
  expect(encodeUsageCursor(1_795_176_000_000)).toBe("MS4xNzk1MTc2MDAwMDAw");
  expect(decodeUsageCursor("MS4xNzk1MTc2MDAwMDAw")).toBe(1_795_176_000_000);
  expect(decodeUsageCursor(encodeUsageCursor(0))).toBe(0);
});

describe("what is no cursor", () => {
  it.each([
    ["nothing", ""],
    ["no base64url", "!"],
    ["no UTF-8", base64url.encode(new Uint8Array([0xff, 0xfe]))],
    ["of another version", base64url.encode("2.1795176000000")],
    ["no number", base64url.encode("1.soon")],
    ["no whole number", base64url.encode("1.5.5")],
    ["before 1970", base64url.encode("1.-1")],
    ["too large to be a moment", base64url.encode("1.9999999999999999")],
    ["with a zero in front", base64url.encode("1.01795176000000")],
    ["with a blank behind", base64url.encode("1.1795176000000 ")],
    ["padded", `${base64url.encode("1.12345")}=`],
  ])("%s", (_, cursor) => {
    expect(decodeUsageCursor(cursor)).toBeNull();
  });
});
