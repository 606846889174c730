// Texts are built from pieces, so that the expected one can be built from the same pieces with only our values exchanged:
// the comparison is byte for byte, and knows nothing of offsets.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Envelope, locateEnvelope, spliceEnvelope } from "../../src/upstream/rewrite.ts";

/** One member as written: `before "name" before-colon : after-colon value after`. */
type Member = { name: string; spelled: string; value: string; blanks: [string, string, string, string] };
type Sample = { data: Member[]; dataBlank: string; top: Member[]; dataAt: number; frame: Member };

const blank = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc.string({ unit: fc.constantFrom(" ", "\n", "\t", "\r"), maxLength: 3 }),
);
const blanks = fc.tuple(blank, blank, blank, blank);

const number = fc.constantFrom(
  ..."0 -0 -0.0 1.10 12345678901234567890 1e400 -1E-400 0.1e+2 9007199254740993 3.14159265358979323846".split(
    " ",
  ),
);

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The same string, some of its UTF-16 units written as escapes. Lone surrogates always are: UTF-8 carries them in no other way. */
function spell(text: string, escaped: readonly boolean[]): string {
  const escapesSurrogates = escaped[0] === true || !text.isWellFormed();
  const units = Array.from({ length: text.length }, (_, i) => {
    const unit = text.charAt(i);
    if (/[\ud800-\udfff]/.test(unit)) return escapesSurrogates ? escapeUnit(unit) : unit;
    return escaped[i % escaped.length] === true ? escapeUnit(unit) : JSON.stringify(unit).slice(1, -1);
  });
  return `"${units.join("")}"`;
}

const escapes = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
const NAMES = [
  "data",
  "callback_url",
  "idempotency_id",
  "inputs",
  "page",
  "__proto__",
  "constructor",
  "",
  "0",
];
const rawString = fc.oneof(
  fc.constantFrom(...NAMES),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({ unit: fc.constantFrom("\\", '"', "{", "}", "[", "]", ",", ":", "/", "a"), maxLength: 8 }),
  fc.string({ unit: fc.constantFrom("\ud83d", "\ude00", "\u0000", "x"), maxLength: 4 }),
);
const spelledString = fc.tuple(rawString, escapes).map(([text, escaped]) => spell(text, escaped));

function memberOf(name: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<Member> {
  return fc.tuple(name, escapes, value, blanks).map(([decoded, escaped, text, around]) => ({
    name: decoded,
    spelled: spell(decoded, escaped),
    value: text,
    blanks: around,
  }));
}

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    number,
    fc.constantFrom("true", "false", "null"),
    spelledString,
    fc.array(fc.tuple(blank, tie("value"), blank), { maxLength: 4 }).map(printArray),
    // Names may stand twice in here: below the envelope nobody minds.
    fc
      .tuple(fc.array(memberOf(rawString, tie("value")), { maxLength: 4 }), blank)
      .map(([members, inside]) => printObject(members, inside)),
  ),
}));

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
const sample: fc.Arbitrary<Sample> = fc.record({
  data: fc.uniqueArray(memberOf(dataName, value), { selector: ({ name }) => name, maxLength: 6 }),
  dataBlank: blank,
  top: fc.array(
    memberOf(
      rawString.filter((name) => name !== "data"),
      value,
    ),
    { maxLength: 3 },
  ),
  dataAt: fc.nat({ max: 3 }),
  frame: memberOf(fc.constant("data"), fc.constant("")),
});

function printSample({ data, dataBlank, top, dataAt, frame }: Sample, inserted: string[] = []): string {
  const [before, , , after] = frame.blanks;
  const envelope = { ...frame, value: printObject(data, dataBlank, inserted) };
  return before + printObject(top.toSpliced(dataAt, 0, envelope), "") + after;
}

type Values = { callbackUrl?: string; idempotencyId?: string };
const values: fc.Arbitrary<Values> = fc.record(
  { callbackUrl: fc.oneof(fc.webUrl(), rawString), idempotencyId: fc.oneof(fc.uuid(), rawString) },
  { requiredKeys: [] },
);

function wanted(given: Values): [string, string][] {
  const pairs: [string, string | undefined][] = [
    ["callback_url", given.callbackUrl],
    ["idempotency_id", given.idempotencyId],
  ];
  return pairs.flatMap(([name, text]) =>
    text === undefined ? [] : [[name, text] satisfies [string, string]],
  );
}

function printExpected(of: Sample, given: Values): string {
  const replacements = new Map(wanted(given).map(([name, text]) => [name, JSON.stringify(text)]));
  const data = of.data.map((member) => ({ ...member, value: replacements.get(member.name) ?? member.value }));
  const standing = new Set(of.data.map(({ name }) => name));
  const missing = [...replacements].filter(([name]) => !standing.has(name));
  return printSample(
    { ...of, data },
    missing.map(([name, text]) => `"${name}":${text}`),
  );
}

function located(text: string): Envelope {
  const envelope = locateEnvelope(text);
  if (envelope.kind !== "envelope") throw new Error(`unexpected ${JSON.stringify(envelope)}`);
  return envelope;
}

function splice(text: string, given: Values): string {
  return spliceEnvelope(text, located(text), given);
}

/** Any JSON value with its members in a fixed order; the odd numbers (Infinity, -0) kept apart. */
function canonical(parsed: unknown): unknown {
  if (Array.isArray(parsed)) return ["array", ...parsed.map(canonical)];
  if (typeof parsed === "number") return ["number", Object.is(parsed, -0) ? "-0" : String(parsed)];
  if (typeof parsed !== "object" || parsed === null) return parsed;
  const entries = Object.entries(parsed).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return ["object", ...entries.map(([name, inner]) => [name, canonical(inner)])];
}

/** What a parse would see, were our members set there. A spread keeps an own `__proto__`. */
function withMembers(text: string, given: Values): unknown {
  const parsed: unknown = JSON.parse(text);
  if (!isObject(parsed) || !isObject(parsed["data"])) throw new Error("no envelope");
  return { ...parsed, data: { ...parsed["data"], ...Object.fromEntries(wanted(given)) } };
}

function isObject(parsed: unknown): parsed is Record<string, unknown> {
  return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
}

/** By recursion over the parsed value, where the scan counts brackets. */
function depthOf(parsed: unknown): number {
  if (typeof parsed !== "object" || parsed === null) return 0;
  return 1 + Math.max(0, ...Object.values(parsed).map(depthOf));
}

test("every character outside of our two values stays", () => {
  fc.assert(
    fc.property(sample, values, (of, given) => {
      expect(splice(printSample(of), given)).toBe(printExpected(of, given));
    }),
    { numRuns: 2000 },
  );
});

test("a parser sees the caller's value with our members set", () => {
  fc.assert(
    fc.property(sample, values, (of, given) => {
      const text = printSample(of);
      const result: unknown = JSON.parse(splice(text, given));
      expect(canonical(result)).toEqual(canonical(withMembers(text, given)));
    }),
    { numRuns: 2000 },
  );
});

test("splicing twice is splicing once", () => {
  fc.assert(
    fc.property(sample, values, (of, given) => {
      const once = splice(printSample(of), given);
      expect(splice(once, given)).toBe(once);
    }),
  );
});

test("a member of data that stands twice, in any spelling and with anything between, is a duplicate", () => {
  fc.assert(
    fc.property(sample, fc.nat(), escapes, value, blanks, (of, pick, escaped, again, around) => {
      const first = of.data[pick % Math.max(1, of.data.length)];
      fc.pre(first !== undefined);
      const twin = { name: first.name, spelled: spell(first.name, escaped), value: again, blanks: around };
      const text = printSample({ ...of, data: [...of.data, twin] });
      const name = first.name.replaceAll("~", "~0").replaceAll("/", "~1");
      expect(locateEnvelope(text)).toEqual({ kind: "duplicate", pointer: `/data/${name}` });
    }),
  );
});

test("a second data is a duplicate, whatever it is", () => {
  fc.assert(
    fc.property(sample, memberOf(fc.constant("data"), value), (of, twin) => {
      const text = printSample({ ...of, top: [...of.top, twin] });
      expect(locateEnvelope(text)).toEqual({ kind: "duplicate", pointer: "/data" });
    }),
  );
});

test("a JSON text without an object as data has no envelope", () => {
  fc.assert(
    fc.property(value, (text) => {
      const parsed: unknown = JSON.parse(text);
      fc.pre(!isObject(parsed) || !isObject(parsed["data"]));
      expect(locateEnvelope(text).kind).toMatch(/^no_envelope$|^duplicate$/);
    }),
  );
});

test("the depth is that of the parsed value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (inputs) => {
      const text = JSON.stringify({ data: { inputs } });
      expect(located(text).maxDepth).toBe(2 + depthOf(inputs));
    }),
  );
});

test("any text at all gets an answer", () => {
  const anyText = fc.oneof(
    fc.string({
      unit: fc.constantFrom("{", "}", "[", "]", '"', "\\", ":", ",", " ", "u", "data", '"data":{'),
    }),
    fc.tuple(sample, fc.nat()).map(([of, cut]) => {
      const text = printSample(of);
      return text.slice(0, cut % text.length);
    }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      expect(["envelope", "duplicate", "too_deep", "no_envelope"]).toContain(locateEnvelope(text).kind);
    }),
    { numRuns: 2000 },
  );
});
