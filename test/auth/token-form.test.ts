import { base64url } from "jose";
import { describe, expect, it } from "vitest";
import { encodeText, signInput, splitToken } from "../support/tokens.ts";
import { honest, honestHeaderText, honestPayloadText, judge, key, refuses, signed } from "./bench.ts";

function badHeader(header: string): () => Promise<string> {
  return () => signed({ header });
}

function badPayload(payload: string): () => Promise<string> {
  return () => signed({ payload });
}

function edited(edit: (token: string) => string): () => Promise<string> {
  return async () => edit(await honest());
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Another last character that decodes to the same bytes. */
function respell(part: string): string {
  return part.slice(0, -1) + ALPHABET.charAt(ALPHABET.indexOf(part.slice(-1)) + 1);
}

/** One character after groups of four, which carries no whole byte. */
function strayed(part: string): string {
  return part + "A".repeat((5 - (part.length % 4)) % 4);
}

/** A text whose encoding ends in spare bits: its length is no multiple of three. */
function uneven(text: string): string {
  return text.length % 3 === 0 ? `${text} ` : text;
}

function padded(length: number): Promise<string> {
  return honest({ pad: "x".repeat(length) });
}

describe("form", () => {
  refuses("token.not_compact", [
    ["nothing but dots", async () => ".."],
    ["two parts", edited((token) => token.split(".").slice(0, 2).join("."))],
    ["four parts", edited((token) => `${token}.e30`)],
    ["five parts, a JWE", edited((token) => `${token}.e30.e30`)],
    ["an empty header", edited((token) => token.slice(token.indexOf(".")))],
    ["an empty payload", edited((token) => token.replace(/\..*\./, ".."))],
    ["padding", edited((token) => `${token}==`)],
    ["padding in the middle", edited((token) => token.replace(".", "=."))],
    ["a space before", edited((token) => ` ${token}`)],
    ["a newline after", edited((token) => `${token}\n`)],
    ["white space within", edited((token) => token.replace(".", ". "))],
    ["the standard alphabet's +", edited((token) => token.replace(/.$/, "+"))],
    ["the standard alphabet's /", edited((token) => token.replace(/.$/, "/"))],
    ["a letter that is not ASCII", edited((token) => token.replace(/.$/, "ä"))],
    ["a NUL", edited((token) => `${token}\0`)],
    ["a percent escape", edited((token) => token.replace(".", "%2E"))],
    [
      "the JSON serialisation",
      edited((token) => {
        const [header, payload, signature] = token.split(".");
        return JSON.stringify({ protected: header, payload, signature });
      }),
    ],
    ["a respelled signature", edited((token) => respell(token))],
    [
      "a respelled payload, signed as it stands",
      () => {
        const payload = respell(encodeText(uneven(honestPayloadText)));
        return signInput(`${encodeText(honestHeaderText)}.${payload}`, key);
      },
    ],
    [
      "a respelled header, signed as it stands",
      () => {
        const header = respell(encodeText(uneven(honestHeaderText)));
        return signInput(`${header}.${encodeText(honestPayloadText)}`, key);
      },
    ],
    ["a part with a stray character", edited((token) => token.replace(/^[^.]+/, strayed))],
    ["b64: false", () => honest({}, { b64: false, crit: ["b64"] }), "token.critical_extension"],
    ["b64: false without crit", () => honest({}, { b64: false }), "token.critical_extension"],
    ["b64: true", () => honest({}, { b64: true }), "token.critical_extension"],
    ["an unknown crit", () => honest({}, { crit: ["exp"], exp: 1 }), "token.critical_extension"],
    ["an empty crit", () => honest({}, { crit: [] }), "token.critical_extension"],
    ["a crit that is null", () => honest({}, { crit: null }), "token.critical_extension"],
    ["a header that is no JSON", badHeader("{alg:ES256}"), "token.bad_header"],
    ["a header that is an array", badHeader('["ES256"]'), "token.bad_header"],
    ["a header that is null", badHeader("null"), "token.bad_header"],
    ["a header without members", badHeader("{}"), "token.bad_header"],
    ["a header with a BOM", () => signed({ header: `\ufeff${honestHeaderText}` }), "token.bad_header"],
    ["a payload that is no JSON", badPayload("iss=https://login.example"), "token.bad_payload"],
    ["a payload that is an array", badPayload("[]"), "token.bad_payload"],
    ["a payload that is null", badPayload("null"), "token.bad_payload"],
    ["a payload that is a string", badPayload('"iss"'), "token.bad_payload"],
    ["a payload of opening brackets", badPayload("[".repeat(9000)), "token.bad_payload"],
    [
      "a payload that is not UTF-8",
      () => {
        const latin1 = Uint8Array.from(honestPayloadText.replace("alice", "\xe4lice"), (c) =>
          c.charCodeAt(0),
        );
        return signInput(`${encodeText(honestHeaderText)}.${base64url.encode(latin1)}`, key);
      },
      "token.bad_payload",
    ],
    ["nonsense over 16 KB, unparsed", async () => "%".repeat(16_385), "token.too_large"],
  ]);

  it("takes a token of 16 KB and none above", async () => {
    let length = 11_700;
    while ((await padded(length + 1)).length <= 16_384) length += 1;
    const largest = await padded(length);
    expect(largest.length).toBeGreaterThan(16_381);
    expect(await judge(largest)).toBe("verified");
    expect(await judge(await padded(length + 1))).toBe("token.too_large");
  });

  it("takes what is uneven but spelled canonically", async () => {
    expect(await judge(await signed({ payload: uneven(honestPayloadText) }))).toBe("verified");
  });
});

async function withSignature(change: (signature: Uint8Array) => Uint8Array): Promise<string> {
  const { header, payload, signature } = splitToken(await honest());
  return `${header}.${payload}.${base64url.encode(change(signature))}`;
}

function flipBit(bit: number): (signature: Uint8Array) => Uint8Array {
  return (signature) => signature.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

function toDer(raw: Uint8Array): Uint8Array {
  const integers = [...derInteger(raw.subarray(0, 32)), ...derInteger(raw.subarray(32))];
  return new Uint8Array([0x30, integers.length, ...integers]);
}

function derInteger(bytes: Uint8Array): number[] {
  const trimmed = [...bytes.subarray(bytes.findIndex((byte) => byte !== 0))];
  const positive = (trimmed[0] ?? 0) < 0x80 ? trimmed : [0, ...trimmed];
  return [0x02, positive.length, ...positive];
}

describe("signature", () => {
  refuses("token.bad_signature", [
    ["r = s = 0", () => withSignature(() => new Uint8Array(64))],
    ["one byte too few", () => withSignature((raw) => raw.subarray(1))],
    ["one byte too many", () => withSignature((raw) => new Uint8Array([...raw, 0]))],
    ["a single byte", () => withSignature(() => new Uint8Array(1))],
    ["DER in place of raw", () => withSignature(toDer)],
    ["the first bit flipped", () => withSignature(flipBit(7))],
    ["a bit of s flipped", () => withSignature(flipBit(300))],
    ["the last bit flipped", () => withSignature(flipBit(504))],
    [
      "a swapped payload",
      async () => {
        const { header, signature } = splitToken(await honest());
        const { payload } = splitToken(await honest({ sub: "mallory" }));
        return `${header}.${payload}.${base64url.encode(signature)}`;
      },
    ],
    [
      "a swapped header",
      async () => {
        const { payload, signature } = splitToken(await honest());
        const { header } = splitToken(await honest({}, { typ: "at+jwt" }));
        return `${header}.${payload}.${base64url.encode(signature)}`;
      },
    ],
  ]);
});
