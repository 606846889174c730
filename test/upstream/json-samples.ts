// JSON texts of any form, built from pieces, so that the one expected after a rewrite can be built from the same pieces.
import * as fc from "fast-check";
import { words } from "../support/words.ts";

/** One member as written: `before "name" before-colon : after-colon value after`. */
export type Member = {
  name: string;
  spelled: string;
  value: string;
  blanks: [string, string, string, string];
};
export type Sample = { data: Member[]; dataBlank: string; top: Member[]; dataAt: number; frame: Member };

const blank = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc.string({ unit: fc.constantFrom(" ", "\n", "\t", "\r"), maxLength: 3 }),
);
export const blanks = fc.tuple(blank, blank, blank, blank);

const number = fc.oneof(
  fc.constantFrom(
    ...words`
    0 -0 -0.0 1.10 12345678901234567890 1e400 -1E-400 0.1e+2 9007199254740993 3.14159265358979323846`,
  ),
  fc.stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?$/),
);

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The same string, some of its UTF-16 units written as escapes. Lone surrogates always are: UTF-8 carries them in no other way. */
export function spell(text: string, escaped: readonly boolean[]): string {
  const escapesSurrogates = escaped[0] === true || !text.isWellFormed();
  const units = Array.from({ length: text.length }, (_, i) => {
    const unit = text.charAt(i);
    if (/[\ud800-\udfff]/.test(unit)) return escapesSurrogates ? escapeUnit(unit) : unit;
    return escaped[i % escaped.length] === true ? escapeUnit(unit) : JSON.stringify(unit).slice(1, -1);
  });
  return `"${units.join("")}"`;
}

export const escapes = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
const NAMES = ["", ...words`data callback_url idempotency_id inputs page __proto__ constructor 0`];
const rawString = fc.oneof(
  fc.constantFrom(...NAMES),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({ unit: fc.constantFrom("\\", '"', "{", "}", "[", "]", ",", ":", "/", "a"), maxLength: 8 }),
  fc.string({ unit: fc.constantFrom("\ud83d", "\ude00", "\u0000", "x"), maxLength: 4 }),
);
const spelledString = fc.tuple(rawString, escapes).map(([text, escaped]) => spell(text, escaped));

function buildMember(name: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<Member> {
  return fc.tuple(name, escapes, value, blanks).map(([decoded, escaped, text, around]) => ({
    name: decoded,
    spelled: spell(decoded, escaped),
    value: text,
    blanks: around,
  }));
}

export const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    number,
    fc.constantFrom("true", "false", "null"),
    spelledString,
    fc.array(fc.tuple(blank, tie("value"), blank), { maxLength: 4 }).map(printArray),
    // Names may stand twice in here: below the envelope they are passed on as they are.
    fc
      .tuple(fc.array(buildMember(rawString, tie("value")), { maxLength: 4 }), blank)
      .map(([members, inside]) => printObject(members, inside)),
  ),
}));

/** As deep as the gateway lets pass, and nearly so deep. */
const nested = fc
  .tuple(
    fc.integer({ min: 1, max: 480 }),
    fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
    value,
    blank,
  )
  .map(([depth, kinds, core, gap]) => {
    const levels = Array.from({ length: depth }, (_, level) => kinds[level % kinds.length] === true);
    const opened = levels.map((isArray) => (isArray ? `[${gap}` : `{"data":${gap}`)).join("");
    return (
      opened +
      core +
      levels
        .toReversed()
        .map((isArray) => (isArray ? "]" : `${gap}}`))
        .join("")
    );
  });
const anyValue = fc.oneof({ weight: 60, arbitrary: value }, { weight: 1, arbitrary: nested });

function printArray(items: [string, string, string][]): string {
  return `[${items.map((item) => item.join("")).join(",")}]`;
}

function printMember({ spelled, value: text, blanks: [before, colon, after, end] }: Member): string {
  return `${before}${spelled}${colon}:${after}${text}${end}`;
}

function printObject(members: readonly Member[], inside: string, inserted: readonly string[] = []): string {
  const printed = members.map(printMember);
  if (printed.length === 0) return `{${inserted.join(",")}${inside}}`;
  return `{${[...inserted, ...printed].join(",")}}`;
}

const dataName = fc.oneof(fc.constantFrom("callback_url", "idempotency_id"), rawString);
export const sample: fc.Arbitrary<Sample> = fc.record({
  data: fc.uniqueArray(buildMember(dataName, anyValue), { selector: ({ name }) => name, maxLength: 6 }),
  dataBlank: blank,
  top: fc.array(
    buildMember(
      rawString.filter((name) => name !== "data"),
      anyValue,
    ),
    { maxLength: 3 },
  ),
  dataAt: fc.nat({ max: 3 }),
  frame: buildMember(fc.constant("data"), fc.constant("")),
});

export function printSample(
  { data, dataBlank, top, dataAt, frame }: Sample,
  inserted: string[] = [],
): string {
  const [before, , , after] = frame.blanks;
  const envelope = { ...frame, value: printObject(data, dataBlank, inserted) };
  return before + printObject(top.toSpliced(dataAt, 0, envelope), "") + after;
}

export type Values = { callbackUrl?: string; idempotencyId?: string };
export const values: fc.Arbitrary<Values> = fc.record(
  { callbackUrl: fc.oneof(fc.webUrl(), rawString), idempotencyId: fc.oneof(fc.uuid(), rawString) },
  { requiredKeys: [] },
);

export function printExpected(drawn: Sample, given: Values): string {
  const texts = Object.entries({ callback_url: given.callbackUrl, idempotency_id: given.idempotencyId });
  const replacements = new Map(
    texts.flatMap(([name, text]) => (text === undefined ? [] : [[name, JSON.stringify(text)] as const])),
  );
  const data = drawn.data.map((member) => ({
    ...member,
    value: replacements.get(member.name) ?? member.value,
  }));
  const standing = new Set(drawn.data.map(({ name }) => name));
  const missing = [...replacements].filter(([name]) => !standing.has(name));
  return printSample(
    { ...drawn, data },
    missing.map(([name, text]) => `"${name}":${text}`),
  );
}
