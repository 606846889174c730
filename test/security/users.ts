// Users who are easily taken for one another: a user is the pair (issuer, subject), however either is spelled.
import { makeIssuer, type TestIssuer } from "../support/tokens.ts";

export type User = { issuer: TestIssuer; claims: { sub: string } };

export const one = await makeIssuer("https://login.example");
export const two = await makeIssuer("https://login.other.example");
/** An issuer whose name ends as the first one's would go on with a subject behind it. */
export const shadow = await makeIssuer("https://login.example|a");

const SUBJECTS: [string, string, string][] = [
  ["another subject", "alice", "bob"],
  ["another case", "alice", "Alice"],
  ["a blank before", "alice", " alice"],
  ["NUL before", "alice", "\0alice"],
  ["NUL inside", "a\0b", "ab"],
  ["a bar", "a|b", "a-b"],
  ["a quote and a comma", 'a","b', 'a\\",\\"b'],
  ["a slash", "a/b", "a%2Fb"],
  ["an escape", "é", "\\u00e9"],
  ["a letter composed and decomposed", "\u00e9", "e\u0301"],
  ["a Cyrillic look-alike", "alice", "\u0430lice"],
  ["a full-width look-alike", "alice", "\uff41lice"],
  ["the Kelvin sign", "K", "\u212a"],
  ["a zero-width space", "alice", "al\u200bice"],
  ["a byte-order mark", "alice", "\ufeffalice"],
  ["two surrogate halves", "\ud800", "\ud801"],
  ["a number as text", "1", "01"],
];

/** Pairs of two users who must never be taken for one. `tail` keeps the pairs of one test apart from another's. */
export const PAIRS: [string, (tail: string) => [User, User]][] = [
  ...SUBJECTS.map(([name, a, b]): (typeof PAIRS)[number] => [
    name,
    (tail) => [user(one, `${a}-${tail}`), user(one, `${b}-${tail}`)],
  ]),
  ["a blank more", (tail) => [user(one, `alice-${tail}`), user(one, `alice-${tail} `)]],
  ["what stands behind NUL", (tail) => [user(one, `alice-${tail}\0a`), user(one, `alice-${tail}\0b`)]],
  ["the same subject at another issuer", (tail) => [user(one, `alice-${tail}`), user(two, `alice-${tail}`)]],
  ["a property of every object, at two issuers", () => [user(one, "__proto__"), user(two, "__proto__")]],
  ["a bar that moves into the issuer", (tail) => [user(one, `a|b-${tail}`), user(shadow, `b-${tail}`)]],
  ["the pair as JSON", (tail) => [user(one, tail), user(one, `["https://login.example","${tail}"]`)]],
  ["the last of 1,024 characters", (tail) => [user(one, longest(tail, "a")), user(one, longest(tail, "b"))]],
];

function user(issuer: TestIssuer, sub: string): User {
  return { issuer, claims: { sub } };
}

export function newUser(issuer: TestIssuer): User {
  return user(issuer, `user-${crypto.randomUUID()}`);
}

function longest(tail: string, last: string): string {
  return `${tail.padEnd(1023, "x")}${last}`;
}
