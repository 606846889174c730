import { describe, expect, it } from "vitest";
import { parseUsageQuery } from "../../src/runs/usage-query.ts";
import { words } from "../support/words.ts";

const FROM = "2026-11-01T00:00:00Z";
const TO = "2026-12-01T00:00:00Z";
const FORM = "must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z (in a URL, + is written %2B).";

describe("a span of usage", () => {
  it.each([
    ["2026-11-01T00:00:00Z", 1_793_491_200_000],
    ["2026-11-01T00:00:00.5Z", 1_793_491_200_500],
    ["2026-11-01T00:00:00.123456789Z", 1_793_491_200_123],
    ["2026-11-01t00:00:00z", 1_793_491_200_000],
    ["2026-11-01T02:00:00+02:00", 1_793_491_200_000],
    ["2026-10-31T18:30:00-05:30", 1_793_491_200_000],
    // A leap second: Unix time has the next second in its place.
    ["2026-10-31T23:59:60Z", 1_793_491_200_000],
    ["2026-11-01T01:59:60.25+02:00", 1_793_491_200_250],
    ["2024-02-29T00:00:00Z", 1_709_164_800_000],
    ["0000-02-29T00:00:00-00:00", -62_162_121_600_000],
  ])("begins at %s", (from, fromMs) => {
    expect(parseUsageQuery({ from, to: TO })).toEqual({
      kind: "ok",
      span: { fromMs, toMs: 1_796_083_200_000, cursor: null },
    });
  });

  it.each([
    ...words`
    2026-11-01 2026-11-01T00:00Z 2026-11-01T00:00:00 2026-11-01T00:00:00+0200 2026-11-01T00:00:00+24:00
    2026-11-01T24:00:00Z 2026-11-01T00:60:00Z 2026-11-01T00:00:61Z 2026-11-01T00:00:60Z 2026-10-30T23:59:60Z 2026-10-31T23:59:60+02:00 2026-11-31T00:00:00Z 2026-02-29T00:00:00Z 2100-02-29T00:00:00Z
    2026-00-01T00:00:00Z 2026-11-00T00:00:00Z 2026-11-01T00:00:00.Z +002026-11-01T00:00:00Z 1793491200
    yesterday`,
    "2026-11-01 00:00:00Z",
    "2026-11-01T00:00:00 02:00",
    ` ${FROM}`,
    `${FROM}\n`,
  ])("cannot end at %j", (to) => {
    const invalid = { kind: "invalid", parameter: "to", detail: `to ${FORM}` };
    expect(parseUsageQuery({ from: FROM, to })).toEqual(invalid);
  });

  it.each([
    [{ to: TO }, "from", "from is required."],
    [{ from: "", to: TO }, "from", "from is required."],
    [{ from: FROM }, "to", "to is required."],
    [{ from: TO, to: FROM }, "from", "from must not be later than to."],
    [{ from: "x", to: "y" }, "from", `from ${FORM}`],
  ])("is refused for %j", (given, parameter, detail) => {
    expect(parseUsageQuery(given)).toEqual({ kind: "invalid", parameter, detail });
  });

  it.each([
    ["", null],
    ["x", "x"],
  ])("may be empty, and with the cursor %j begins at %j", (given, cursor) => {
    expect(parseUsageQuery({ from: FROM, to: FROM, cursor: given })).toMatchObject({
      kind: "ok",
      span: { cursor },
    });
  });
});
