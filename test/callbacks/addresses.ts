// Addresses as numbers, and the spellings that a URL may have of an address. Nothing here is the product's.
import * as fc from "fast-check";

const v4Address = fc.bigInt(0n, 2n ** 32n - 1n);
/** Half of them with an IPv4 address in them: mapped, compatible, translated, 6to4. */
const v6Address = fc.oneof(
  fc.bigInt(0n, 2n ** 128n - 1n),
  fc
    .tuple(v4Address, fc.constantFrom(0n, 0xffffn << 32n, 0x64ff9bn << 96n, 0x64ff9b0001n << 80n))
    .map(([v4, prefix]) => prefix + v4),
  v4Address.map((v4) => (0x2002n << 112n) + (v4 << 80n)),
);

function spellNumber(value: bigint, form: "decimal" | "hex" | "HEX" | "octal"): string {
  switch (form) {
    case "decimal":
      return value.toString();
    case "hex":
      return `0x${value.toString(16)}`;
    case "HEX":
      return `0X0${value.toString(16).toUpperCase()}`;
    case "octal":
      return `0${value.toString(8)}`;
  }
}

/** One to four parts: the last one holds all that the ones before it leave. */
function splitV4(address: bigint, parts: number): bigint[] {
  const leading = Array.from({ length: parts - 1 }, (_, i) => (address >> BigInt(24 - 8 * i)) & 255n);
  return [...leading, address & (2n ** BigInt(8 * (5 - parts)) - 1n)];
}

export type Disguise = "none" | "full-width" | "percent";

export function disguise(char: string, as: Disguise): string {
  if (as === "full-width") return String.fromCodePoint(char.charCodeAt(0) + 0xfee0);
  if (as === "percent") return `%${char.charCodeAt(0).toString(16)}`;
  return char;
}

export const v4Spelled = fc
  .record({
    address: v4Address,
    parts: fc.integer({ min: 1, max: 4 }),
    forms: fc.array(fc.constantFrom("decimal", "hex", "HEX", "octal"), { minLength: 4, maxLength: 4 }),
    end: fc.constantFrom("", ".", "。"),
    disguises: fc.array(fc.constantFrom<Disguise>("none", "none", "full-width", "percent"), {
      minLength: 60,
      maxLength: 60,
    }),
  })
  .map(({ address, parts, forms, end, disguises }) => {
    const plain = splitV4(address, parts)
      .map((part, i) => spellNumber(part, forms[i] ?? "decimal"))
      .join(".");
    const host = Array.from(plain, (char, i) => disguise(char, disguises[i] ?? "none")).join("");
    return host + end;
  });

export const v6Spelled = fc
  .record({
    address: v6Address,
    padded: fc.boolean(),
    upper: fc.boolean(),
    dotted: fc.boolean(),
    compressed: fc.boolean(),
  })
  .map(({ address, padded, upper, dotted, compressed }) => {
    const groups = Array.from({ length: 8 }, (_, i) => (address >> BigInt(112 - 16 * i)) & 0xffffn);
    const hex = groups.map((group) => group.toString(16).padStart(padded ? 4 : 1, "0"));
    const tail = [24n, 16n, 8n, 0n].map((bits) => (address >> bits) & 255n).join(".");
    const written = dotted ? [...hex.slice(0, 6), tail] : hex;
    const whole = written.join(":");
    // Any run of zero groups may be the one that is left out.
    const host = compressed ? whole.replace(/(^|:)0+(?::0+)*(:|$)/, "::") : whole;
    return `[${upper ? host.toUpperCase() : host}]`;
  });
