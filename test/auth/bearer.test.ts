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
    ["Bearer", "bearer.empty"],
    ["JWT", "bearer.empty"],
    ["Bearer  ", "bearer.empty"],
    ["", "bearer.wrong_scheme"],
    ["a.b.c", "bearer.wrong_scheme"],
    ["Bearera.b.c", "bearer.wrong_scheme"],
    ["Bearer\ta.b.c", "bearer.wrong_scheme"],
    ["Basic YWxpY2U6c2VjcmV0", "bearer.wrong_scheme"],
    ["Digest a.b.c", "bearer.wrong_scheme"],
    ["X Bearer a.b.c", "bearer.wrong_scheme"],
  ])("finds no token in %j", (value, reason) => {
    expect(readBearer(new Headers({ Authorization: value }))).toEqual({ kind: "none", reason });
  });

  it.each([
    ["Bearer a.b.c d.e.f", "bearer.white_space"],
    ["Bearer a.b.\tc", "bearer.white_space"],
    ["Bearer a.b.c, Bearer d.e.f", "bearer.several_headers"],
    ["Bearer a.b.c,", "bearer.several_headers"],
  ])("refuses %j", (value, reason) => {
    expect(readBearer(new Headers({ Authorization: value }))).toEqual({ kind: "bad", reason });
  });

  it("finds no token where there is no header", () => {
    expect(readBearer(new Headers({ Cookie: "token=a.b.c" }))).toEqual({
      kind: "none",
      reason: "bearer.missing",
    });
  });

  it("refuses two headers, even with one token twice", () => {
    const headers = new Headers({ Authorization: "Bearer a.b.c" });
    expect(readBearer(headers).kind).toBe("token");
    headers.append("Authorization", "Bearer a.b.c");
    expect(readBearer(headers)).toEqual({ kind: "bad", reason: "bearer.several_headers" });
  });
});
