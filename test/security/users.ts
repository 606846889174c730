// Users who are easily taken for one another: a user is the pair (issuer, subject), however either is spelled.
import { makeIssuer, type TestIssuer } from "../support/tokens.ts";

export type User = { issuer: TestIssuer; claims: { sub: string } };

export const one = await makeIssuer("https://login.example");
export const two = await makeIssuer("https://login.other.example");
/** An issuer whose name ends as the first one's would go on with a subject behind it. */
export const shadow = await makeIssuer("https://login.example|a");

/** Pairs of two users who must never be taken for one. `tail` keeps the pairs of one test apart from another's. */
export const PAIRS: [string, (tail: string) => [User, User]][] = [
  ["another subject", (tail) => [user(one, `alice-${tail}`), user(one, `bob-${tail}`)]],
  ["another case", (tail) => [user(one, `alice-${tail}`), user(one, `Alice-${tail}`)]],
  ["a blank more", (tail) => [user(one, `alice-${tail}`), user(one, `alice-${tail} `)]],
  ["a blank before", (tail) => [user(one, `alice-${tail}`), user(one, ` alice-${tail}`)]],
  ["a line break more", (tail) => [user(one, `alice-${tail}`), user(one, `alice-${tail}\n`)]],
  ["NUL more", (tail) => [user(one, `alice-${tail}`), user(one, `alice-${tail}\0`)]],
  ["NUL inside", (tail) => [user(one, `a\0b-${tail}`), user(one, `ab-${tail}`)]],
  ["what stands behind NUL", (tail) => [user(one, `alice-${tail}\0a`), user(one, `alice-${tail}\0b`)]],
  ["NUL alone", (tail) => [user(one, `${tail}\0`), user(one, `${tail}\0\0`)]],
  ["the same subject at another issuer", (tail) => [user(one, `alice-${tail}`), user(two, `alice-${tail}`)]],
  ["a bar", (tail) => [user(one, `a|b-${tail}`), user(one, `a-b-${tail}`)]],
  ["a bar that moves into the issuer", (tail) => [user(one, `a|b-${tail}`), user(shadow, `b-${tail}`)]],
  [
    "the issuer in the subject",
    (tail) => [user(two, `x-${tail}`), user(one, `https://login.other.example|x-${tail}`)],
  ],
  [
    "the pair as JSON",
    (tail) => [user(one, `x-${tail}`), user(one, `["https://login.example","x-${tail}"]`)],
  ],
  ["a quote and a comma", (tail) => [user(one, `a","b-${tail}`), user(one, `a\\",\\"b-${tail}`)]],
  ["a colon", (tail) => [user(one, `a:b-${tail}`), user(one, `a::b-${tail}`)]],
  ["a slash", (tail) => [user(one, `a/b-${tail}`), user(one, `a%2Fb-${tail}`)]],
  ["dots", (tail) => [user(one, `x-${tail}`), user(one, `../x-${tail}`)]],
  ["an escape", (tail) => [user(one, `é-${tail}`), user(one, `\\u00e9-${tail}`)]],
  ["a letter composed and decomposed", (tail) => [user(one, `\u00e9-${tail}`), user(one, `e\u0301-${tail}`)]],
  ["a Cyrillic look-alike", (tail) => [user(one, `alice-${tail}`), user(one, `\u0430lice-${tail}`)]],
  ["a full-width look-alike", (tail) => [user(one, `alice-${tail}`), user(one, `\uff41lice-${tail}`)]],
  ["a dotless i", (tail) => [user(one, `alice-${tail}`), user(one, `al\u0131ce-${tail}`)]],
  ["the Kelvin sign", (tail) => [user(one, `K-${tail}`), user(one, `\u212a-${tail}`)]],
  ["a zero-width space", (tail) => [user(one, `alice-${tail}`), user(one, `al\u200bice-${tail}`)]],
  ["a right-to-left mark", (tail) => [user(one, `alice-${tail}`), user(one, `\u202ealice-${tail}`)]],
  ["a byte-order mark", (tail) => [user(one, `alice-${tail}`), user(one, `\ufeffalice-${tail}`)]],
  ["the replacement character", (tail) => [user(one, `\ud800-${tail}`), user(one, `\ufffd-${tail}`)]],
  ["two surrogate halves", (tail) => [user(one, `\ud800-${tail}`), user(one, `\ud801-${tail}`)]],
  ["the last of 1,024 characters", (tail) => [user(one, longest(tail, "a")), user(one, longest(tail, "b"))]],
  [
    "1,024 characters and 1,023",
    (tail) => [user(one, longest(tail, "a")), user(one, longest(tail, "a").slice(1))],
  ],
  ["a number as text", (tail) => [user(one, `1-${tail}`), user(one, `01-${tail}`)]],
];

export function user(issuer: TestIssuer, sub: string): User {
  return { issuer, claims: { sub } };
}

export function newUser(issuer: TestIssuer): User {
  return user(issuer, `user-${crypto.randomUUID()}`);
}

function longest(tail: string, last: string): string {
  return `${tail.padEnd(1023, "x")}${last}`;
}
