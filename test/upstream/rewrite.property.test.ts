// Texts are built from pieces, so that the expected one can be built from the same pieces with only our values exchanged:
// the comparison is byte for byte, and knows nothing of offsets.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Envelope, locateEnvelope, spliceEnvelope } from "../../src/upstream/rewrite.ts";
import {
  blanks,
  escapes,
  printExpected,
  printSample,
  sample,
  spell,
  type Values,
  value,
  values,
} from "./json-samples.ts";
// Its expectations are JSON.parse's, and that of V8 13.6, which is in Node 24, confuses keys of one escaped character.
import "cloudflare:workers";

function located(text: string): Envelope {
  const envelope = locateEnvelope(text);
  if (envelope.kind !== "envelope") throw new Error(`unexpected ${JSON.stringify(envelope)}`);
  return envelope;
}

function splice(text: string, given: Values): string {
  return spliceEnvelope(text, located(text), given);
}

test("every character outside of our two values stays", () => {
  fc.assert(
    fc.property(sample, values, (drawn, given) => {
      expect(splice(printSample(drawn), given)).toBe(printExpected(drawn, given));
    }),
    { numRuns: 1000 },
  );
});

test("a member of data that stands twice, in any spelling and with anything between, is a duplicate", () => {
  fc.assert(
    fc.property(sample, fc.nat(), escapes, value, blanks, (drawn, pick, escaped, again, around) => {
      const first = drawn.data[pick % Math.max(1, drawn.data.length)];
      fc.pre(first !== undefined);
      const twin = { name: first.name, spelled: spell(first.name, escaped), value: again, blanks: around };
      const text = printSample({ ...drawn, data: [...drawn.data, twin] });
      const name = first.name.replaceAll("~", "~0").replaceAll("/", "~1");
      expect(locateEnvelope(text)).toEqual({ kind: "duplicate", pointer: `/data/${name}` });
    }),
  );
});

test("any text at all gets an answer", () => {
  const anyText = fc.oneof(
    fc.string({
      unit: fc.constantFrom("{", "}", "[", "]", '"', "\\", ":", ",", " ", "u", "data", '"data":{'),
    }),
    fc.tuple(sample, fc.nat()).map(([drawn, cut]) => {
      const text = printSample(drawn);
      return text.slice(0, cut % text.length);
    }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      expect(["envelope", "duplicate", "too_deep", "too_many_values", "no_envelope", "no_object"]).toContain(
        locateEnvelope(text).kind,
      );
    }),
    { numRuns: 1000 },
  );
});
