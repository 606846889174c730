import { base64url } from "jose";
import { describe, expect, it } from "vitest";
import { encodeText, signInput, splitToken } from "../support/tokens.ts";
import { words } from "../support/words.ts";
import { type Attack, honest, honestText, judge, judges, key, refuses, signed } from "./bench.ts";

/** A token that was honest before it was edited. */
function edited(name: string, edit: (token: string) => string): Attack {
  return [name, async () => edit(await honest())];
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

/** Well signed, with a part that a test has encoded in its own way. */
function signedParts({
  header = encodeText(honestText.header),
  payload = encodeText(honestText.payload),
}): Promise<string> {
  return signInput(`${header}.${payload}`, key);
}

describe("form", () => {
  refuses("token.not_compact", [
    ["nothing but dots", async () => ".."],
    edited("two parts", (token) => token.split(".").slice(0, 2).join(".")),
    edited("four parts", (token) => `${token}.e30`),
    edited("five parts, a JWE", (token) => `${token}.e30.e30`),
    edited("an empty header", (token) => token.slice(token.indexOf("."))),
    edited("an empty payload", (token) => token.replace(/\..*\./, "..")),
    edited("padding", (token) => `${token}==`),
    edited("padding in the middle", (token) => token.replace(".", "=.")),
    edited("a space before", (token) => ` ${token}`),
    edited("a newline after", (token) => `${token}\n`),
    edited("white space within", (token) => token.replace(".", ". ")),
    edited("the standard alphabet's +", (token) => token.replace(/.$/, "+")),
    edited("the standard alphabet's /", (token) => token.replace(/.$/, "/")),
    edited("a letter that is not ASCII", (token) => token.replace(/.$/, "ä")),
    edited("a NUL", (token) => `${token}\0`),
    edited("a percent escape", (token) => token.replace(".", "%2E")),
    edited("the JSON serialisation", (token) => {
      const [header, payload, signature] = token.split(".");
      return JSON.stringify({ protected: header, payload, signature });
    }),
    edited("a part with a stray character", (token) => token.replace(/^[^.]+/, strayed)),
    edited("a respelled signature", respell),
    [
      "a respelled payload, signed as it stands",
      () => signedParts({ payload: respell(encodeText(uneven(honestText.payload))) }),
    ],
    [
      "a respelled header, signed as it stands",
      () => signedParts({ header: respell(encodeText(uneven(honestText.header))) }),
    ],
    ["an unknown crit", () => honest({}, { crit: ["exp"], exp: 1 }), "token.critical_extension"],
    ["b64 as a crit", () => honest({}, { b64: false, crit: ["b64"] }), "token.critical_extension"],
    ["nonsense over 16 KB, unparsed", async () => "%".repeat(16_385), "token.too_large"],
  ]);

  judges("header", "crit", { "token.critical_extension": words`[] null` });
  judges("header", "b64", { "token.critical_extension": words`true false` });
  judges("header", null, {
    "token.bad_header": [...words`{alg:ES256} ["ES256"] null {}`, `\ufeff${honestText.header}`],
  });
  judges("payload", null, {
    "token.bad_payload": words`iss=https://login.example [] null "iss" ${"[".repeat(9000)}`,
  });

  it("refuses a payload that is not UTF-8", async () => {
    const latin1 = honestText.payload.replace("alice", "\xe4lice");
    const bytes = Uint8Array.from(latin1, (c) => c.charCodeAt(0));
    expect(await judge(await signedParts({ payload: base64url.encode(bytes) }))).toBe("token.bad_payload");
  });

  it("takes a token of 16 KB and none above", async () => {
    let length = 11_700;
    while ((await padded(length + 1)).length <= 16_384) length += 1;
    const largest = await padded(length);
    expect(largest.length).toBeGreaterThan(16_381);
    expect(await judge(largest)).toBe("verified");
    expect(await judge(await padded(length + 1))).toBe("token.too_large");
  });

  it("takes what is uneven but spelled canonically", async () => {
    expect(await judge(await signed({ payload: uneven(honestText.payload) }))).toBe("verified");
  });
});

async function withSignature(change: (signature: Uint8Array) => Uint8Array): Promise<string> {
  const { header, payload, signature } = splitToken(await honest());
  return `${header}.${payload}.${base64url.encode(change(signature))}`;
}

async function withPart(another: string, at: number): Promise<string> {
  const part = another.split(".")[at] ?? "";
  return (await honest()).split(".").with(at, part).join(".");
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
    ["a swapped payload", async () => withPart(await honest({ sub: "mallory" }), 1)],
    ["a swapped header", async () => withPart(await honest({}, { typ: "at+jwt" }), 0)],
  ]);
});
