// What the documents say of settings is what the code reads.
import { describe, expect, it } from "vitest";
import callbacks from "../../docs/receiving-callbacks.md?raw";
import readme from "../../README.md?raw";
import { parseSettings, SETTING_NAMES } from "../../src/platform/settings.ts";
// oxlint-disable-next-line import/default -- with ?raw it is the text of the file
import source from "../../src/platform/settings.ts?raw";
import { REQUIRED } from "../support/given-settings.ts";

/** Names and default of each row of README's table of settings. */
const ROWS = [...readme.matchAll(/^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| ([^|]*) \|/gm)].map(
  ([, names = "", given = ""]) => ({
    names: [...names.matchAll(/[A-Z_]+/g)].map(String),
    given: /^(?:`[^`]+`|\d+)/.exec(given)?.[0].replaceAll("`", "") ?? null,
  }),
);

describe("README's table of settings", () => {
  it("has each setting that is read, and no other", () => {
    const read = [...source.matchAll(/\bread\.\w+\(((?:"[A-Z_]+"(?:, )?)+)/g)].flatMap(([, names = ""]) => [
      ...names.matchAll(/[A-Z_]+/g),
    ]);
    const known = SETTING_NAMES.toSorted();
    expect([...new Set(read.map(String))].toSorted()).toEqual(known);
    expect(ROWS.flatMap(({ names }) => names).toSorted()).toEqual(known);
  });

  it.each(ROWS.filter(({ given }) => given !== null))(
    "gives $given as the default of $names",
    ({ names, given }) => {
      const [name = ""] = names;
      expect(parseSettings({ ...REQUIRED, [name]: given })).toEqual(parseSettings(REQUIRED));
    },
  );
});

describe("of the default schedule of callbacks", () => {
  const delays = parseSettings(REQUIRED).callbackRetryScheduleSeconds;

  it("docs/receiving-callbacks.md has each attempt", () => {
    const rows = [...callbacks.matchAll(/^\| \d+ \| (\d+ (?:s|min|h)) \| ([^|]+) \|/gm)];
    expect(rows.map(([, delay = ""]) => toSeconds(delay))).toEqual(delays);
    for (const [at, [, , since = ""]] of rows.entries()) {
      const exact = delays.slice(0, at + 1).reduce((sum, delay) => sum + delay, 0);
      expect(exact - toSeconds(since), `attempt ${at + 2} comes after ${since}`).toBeOneOf(SECONDS_LEFT_OUT);
    }
  });
});

/** Of a page that rounds down to a minute. */
const SECONDS_LEFT_OUT = Array.from({ length: 60 }, (_, seconds) => seconds);

/** `2 h 35 min` */
function toSeconds(text: string): number {
  const inSeconds = { s: 1, min: 60, h: 3600 };
  return [...text.matchAll(/(\d+) (s|min|h)/g)].reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * Reflect.get(inSeconds, unit),
    0,
  );
}
