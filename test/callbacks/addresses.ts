// Addresses as numbers, the blocks of IANA's special-purpose registries as arithmetic, and the spellings that a URL may
// have of an address. Nothing here is the product's or its libraries'.
import * as fc from "fast-check";

type Block = { first: bigint; bits: bigint };

const NOT_PUBLIC_V4: Block[] = [
  v4Block(0, 0, 0, 0, 8),
  v4Block(10, 0, 0, 0, 8),
  v4Block(100, 64, 0, 0, 10),
  v4Block(127, 0, 0, 0, 8),
  v4Block(169, 254, 0, 0, 16),
  v4Block(172, 16, 0, 0, 12),
  v4Block(192, 0, 0, 0, 24),
  v4Block(192, 0, 2, 0, 24),
  v4Block(192, 31, 196, 0, 24),
  v4Block(192, 52, 193, 0, 24),
  v4Block(192, 88, 99, 0, 24),
  v4Block(192, 168, 0, 0, 16),
  v4Block(192, 175, 48, 0, 24),
  v4Block(198, 18, 0, 0, 15),
  v4Block(198, 51, 100, 0, 24),
  v4Block(203, 0, 113, 0, 24),
  v4Block(224, 0, 0, 0, 4),
  v4Block(240, 0, 0, 0, 4),
];
const PUBLIC_V6 = v6Block("2000", 3);
const NOT_PUBLIC_V6: Block[] = [
  v6Block("2001 0000", 23),
  v6Block("2001 0db8", 32),
  v6Block("2002", 16),
  v6Block("2620 004f 8000", 48),
  v6Block("3fff", 20),
];
/** Outside 2000::/3, and interesting all the same. */
const ELSEWHERE_V6: Block[] = [
  v6Block("0000", 96),
  v6Block("0000 0000 0000 0000 0000 ffff", 96),
  v6Block("0000 0000 0000 0000 ffff 0000", 96),
  v6Block("0064 ff9b", 96),
  v6Block("0064 ff9b 0001", 48),
  v6Block("0100", 64),
  v6Block("5f00", 16),
  v6Block("fc00", 7),
  v6Block("fe80", 10),
  v6Block("fec0", 10),
  v6Block("ff00", 8),
];

function v4Block(a: number, b: number, c: number, d: number, prefix: number): Block {
  return { first: BigInt(((a * 256 + b) * 256 + c) * 256 + d), bits: BigInt(32 - prefix) };
}

function v6Block(groups: string, prefix: number): Block {
  return { first: BigInt(`0x${groups.replaceAll(" ", "").padEnd(32, "0")}`), bits: BigInt(128 - prefix) };
}

function isIn(address: bigint, { first, bits }: Block): boolean {
  return address >> bits === first >> bits;
}

export const isPublicV4 = (address: bigint) => !NOT_PUBLIC_V4.some((block) => isIn(address, block));
export const isPublicV6 = (address: bigint) =>
  isIn(address, PUBLIC_V6) && !NOT_PUBLIC_V6.some((block) => isIn(address, block));

/** Inside a block, at its ends, just outside of them, or anywhere. */
function addressAround(blocks: readonly Block[], maximum: bigint): fc.Arbitrary<bigint> {
  const near = fc.constantFrom(...blocks).chain(({ first, bits }) => {
    const size = 1n << bits;
    const inside = fc.bigInt(0n, size - 1n);
    return fc
      .oneof(inside, fc.constantFrom(-1n, 0n, size - 1n, size))
      .map((offset) => first + offset)
      .filter((address) => address >= 0n && address <= maximum);
  });
  return fc.oneof({ weight: 3, arbitrary: near }, fc.bigInt(0n, maximum));
}

const v4Address = addressAround(NOT_PUBLIC_V4, 2n ** 32n - 1n);
const v6Address = addressAround([PUBLIC_V6, ...NOT_PUBLIC_V6, ...ELSEWHERE_V6], 2n ** 128n - 1n);

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
    return { address, host: host + end };
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
    return { address, host: `[${upper ? host.toUpperCase() : host}]` };
  });
