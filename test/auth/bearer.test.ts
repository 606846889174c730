import { describe, expect, it } from "vitest";
import { readBearer } from "../../src/auth/bearer.ts";

describe("readBearer", () => {
  it.each([
    ["Bearer a.b.c"],
    ["bearer a.b.c"],
    ["BEARER a.b.c"],
    ["JWT a.b.c"],
    ["jwt a.b.c"],
    ["Bearer   a.b.c"],
    ["  Bearer a.b.c  "],
  ])("reads the token of %j", (value) => {
    expect(readBearer(new Headers({ Authorization: value }))).toEqual({ kind: "token", token: "a.b.c" });
  });

  it.each([
    ["Bearer", "none", "bearer.empty"],
    ["JWT", "none", "bearer.empty"],
    ["Bearer  ", "none", "bearer.empty"],
    ["", "none", "bearer.wrong_scheme"],
    ["a.b.c", "none", "bearer.wrong_scheme"],
    ["Bearera.b.c", "none", "bearer.wrong_scheme"],
    ["Bearer\ta.b.c", "none", "bearer.wrong_scheme"],
    ["Basic YWxpY2U6c2VjcmV0", "none", "bearer.wrong_scheme"],
    ["Digest a.b.c", "none", "bearer.wrong_scheme"],
    ["X Bearer a.b.c", "none", "bearer.wrong_scheme"],
    ["Bearer a.b.c d.e.f", "bad", "bearer.white_space"],
    ["Bearer a.b.\tc", "bad", "bearer.white_space"],
    ["Bearer a.b.c, Bearer d.e.f", "bad", "bearer.several_headers"],
    ["Bearer a.b.c,", "bad", "bearer.several_headers"],
  ])("reads none of %j: %s, %s", (value, kind, reason) => {
    expect(readBearer(new Headers({ Authorization: value }))).toEqual({ kind, reason });
  });

  it("looks at no other header", () => {
    const headers = new Headers({ Cookie: "token=a.b.c" });
    expect(readBearer(headers)).toEqual({ kind: "none", reason: "bearer.missing" });
  });

  it("refuses two headers, even with one token twice", () => {
    const headers = new Headers({ Authorization: "Bearer a.b.c" });
    headers.append("Authorization", "Bearer a.b.c");
    expect(readBearer(headers)).toEqual({ kind: "bad", reason: "bearer.several_headers" });
  });
});
