// The rules for hosts, judged a second time by another reading of the URL (other-reader.ts), compared on random addresses
// and names in random spellings.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { checkDestination } from "../../src/platform/outbound/destination.ts";
import { type Disguise, disguise, v4Spelled, v6Spelled } from "./addresses.ts";
import { isPublicName, readUrl } from "./other-reader.ts";

test("whatever the text, the answer is a value, and what is accepted is https with a dotted host and no credentials", () => {
  const piece = fc.constantFrom(
    ..."https: http: // / \\ @ : . .. # ? [ ] [::1] 127.0.0.1 localhost client.example %00 %2e \t 。 é 443".split(
      " ",
    ),
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
    fc.string({ unit: "binary" }).map((rest) => `https://${rest}`),
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(text, fc.boolean(), (url, allowPrivate) => {
      const destination = checkDestination(url, { allowPrivate, ownHosts: ["own.example"] });
      if (destination.kind === "refused") return;
      const { protocol, username, password, hostname, hash } = destination.url;
      expect({ username, password, hash }).toEqual({ username: "", password: "", hash: "" });
      expect(hostname).not.toBe("");
      expect(protocol).toMatch(allowPrivate ? /^https?:$/ : /^https:$/);
      if (!allowPrivate) expect(hostname).toMatch(/^[^.].*\.[^.]/);
    }),
    { numRuns: 1000 },
  );
});

const PRIVATE_NAMES = "localhost localdomain local internal intranet private corp home home.arpa lan".split(
  " ",
);

const disguises = fc.array(fc.constantFrom<Disguise>("none", "none", "none", "full-width", "percent"), {
  minLength: 80,
  maxLength: 80,
});

/** A name in any case, some of its characters written otherwise, with a soft hyphen and a root dot maybe. */
function spelledName(name: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const shape = { name, disguises, upper: fc.boolean(), hyphenAt: fc.nat({ max: 200 }) };
  const end = fc.constantFrom("", "", ".", "。");
  return fc.record({ ...shape, end }).map(({ name: plain, disguises: as, upper, hyphenAt, end: root }) => {
    const cased = upper ? plain.toUpperCase() : plain;
    const chars = Array.from(cased, (char, i) => disguise(char, as[i] ?? "none"));
    return chars.toSpliced(hyphenAt, 0, ...(hyphenAt < chars.length ? ["\u00ad"] : [])).join("") + root;
  });
}

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const privateName = fc
  .tuple(fc.array(label, { maxLength: 2 }), fc.constantFrom(...PRIVATE_NAMES))
  .map(([labels, suffix]) => [...labels, suffix].join("."));
const publicName = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 3 }), fc.constantFrom("com", "example", "co.uk", "dev"))
  .map(([labels, suffix]) => [...labels, suffix].join("."));

test("a name with a public ending is accepted, in every spelling", () => {
  fc.assert(
    fc.property(spelledName(publicName), (host) => {
      const rules = { allowPrivate: false, ownHosts: [] };
      expect(checkDestination(`https://${host}/hook`, rules).kind).toBe("ok");
    }),
    { numRuns: 1000 },
  );
});

const anyHost = fc.oneof(
  v4Spelled,
  v6Spelled,
  spelledName(privateName),
  spelledName(publicName),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(..."0189afx.:[]%@-_\\/?#。．\u00ad".split("")), maxLength: 12 }),
  fc.constantFrom(
    "own.example",
    "OWN.example.",
    "xn--",
    "xn--a.example",
    "0x",
    "0x.0x.0x.0x",
    "1.2.3.08",
    "4294967296",
  ),
);
/** Mostly what an honest caller writes, so that one oddity at a time gets far. */
function mostly(honest: string, ...odd: string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constant(honest) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
}

const twoHosts = fc
  .tuple(anyHost, fc.constantFrom("", ".", "@", ":", "#@", "/", "\\@", "%2f", "%00", "。"), anyHost)
  .map((parts) => parts.join(""));

const anyUrl = fc
  .tuple(
    mostly("https", "HTTPS", "http", "ftp", "https\t", "ｈttps"),
    mostly("://", ":", ":/", ":///", ":\\\\", "://\t", ":\n//"),
    mostly("", "@", "user@", "user:password@", "a@b@", "%40"),
    fc.oneof({ weight: 4, arbitrary: anyHost }, { weight: 1, arbitrary: twoHosts }),
    mostly("", ":443", ":", ":8443", ":0", ":65536", ":080", ":-1", ":4 4"),
    mostly("/hook", "", "?a=@b", "#@x", "/a/../..", "\\x", "/ ", "/\u0000"),
  )
  .map((parts) => parts.join(""));

test("what is accepted is https to a public host for another reader too, before and after it is normalised", () => {
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(anyUrl, (text) => {
      const destination = checkDestination(text, { allowPrivate: false, ownHosts: ["own.example"] });
      seen[destination.kind === "ok" ? "accepted" : "refused"] += 1;
      if (destination.kind === "refused") return;
      const [before, after] = [readUrl(text), readUrl(destination.url.href)];
      for (const read of [before, after]) {
        expect(read).toMatchObject({ scheme: "https", userInfo: null });
        expect(read?.host).not.toBe("own.example");
        expect(isPublicName(read?.host ?? "")).toBe(true);
      }
      expect(after?.port).toBe(before?.port);
      expect(after?.address).toBe(before?.address);
    }),
    { numRuns: 6000 },
  );
  // Both sides were tried.
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(500);
});
