// What the documents say of settings is what the code reads.
import { describe, expect, it } from "vitest";
import callbacks from "../docs/receiving-callbacks.md?raw";
import readme from "../README.md?raw";
import { parseSettings } from "../src/settings.ts";
// oxlint-disable-next-line import/default -- with ?raw it is the text of the file
import source from "../src/settings.ts?raw";

const KEY = { kty: "OKP", crv: "Ed25519", kid: "k1", x: "P".repeat(43), d: "S".repeat(43) };
const ISSUER = {
  issuer: "https://login.example",
  audience: "edge-actions",
  algorithms: ["ES256"],
  jwks_uri: "https://login.example/k",
};
const REQUIRED = { JWT_ISSUERS: JSON.stringify([ISSUER]), SIGNING_KEYS: JSON.stringify({ keys: [KEY] }) };

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
    expect(read.length).toBeGreaterThan(20);
    expect(ROWS.flatMap(({ names }) => names).toSorted()).toEqual([...new Set(read.map(String))].toSorted());
  });

  it.each(ROWS.filter(({ given }) => given !== null))(
    "gives $given as the default of $names",
    ({ names, given }) => {
      const [name = ""] = names;
      expect(parseSettings({ ...REQUIRED, [name]: given })).toEqual(parseSettings(REQUIRED));
    },
  );
});

it("docs/receiving-callbacks.md has the default schedule of attempts", () => {
  const seconds = { s: 1, min: 60, h: 3600 };
  const rows = [...callbacks.matchAll(/^\| \d+ \| (\d+) (s|min|h) \|/gm)];
  const delays = rows.map(([, count, unit = ""]) => Number(count) * Reflect.get(seconds, unit));
  expect(delays).toEqual(parseSettings(REQUIRED).callbackRetryScheduleSeconds);
});
