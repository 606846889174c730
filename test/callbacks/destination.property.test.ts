// The rules for addresses, judged a second time: by arithmetic on the address as a number, from a list of blocks written
// down here, and compared on random addresses in random spellings.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { checkDestination } from "../../src/callbacks/destination.ts";

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

const isPublicV4 = (address: bigint) => !NOT_PUBLIC_V4.some((block) => isIn(address, block));
const isPublicV6 = (address: bigint) =>
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

type Disguise = "none" | "full-width" | "percent";

function disguise(char: string, as: Disguise): string {
  if (as === "full-width") return String.fromCodePoint(char.charCodeAt(0) + 0xfee0);
  if (as === "percent") return `%${char.charCodeAt(0).toString(16)}`;
  return char;
}

const v4Spelled = fc
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

const v6Spelled = fc
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
    const tail = [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join(".");
    const written = dotted ? [...hex.slice(0, 6), tail] : hex;
    const whole = written.join(":");
    // Any run of zero groups may be the one that is left out.
    const host = compressed ? whole.replace(/(^|:)0+(?::0+)*(:|$)/, "::") : whole;
    return { address, host: `[${upper ? host.toUpperCase() : host}]` };
  });

function kindOf(host: string, path = "/hook"): string {
  const destination = checkDestination(`https://${host}${path}`, { allowPrivate: false, ownHosts: [] });
  return destination.kind === "ok" ? "ok" : destination.reason;
}

test("an IPv4 address is accepted exactly when arithmetic calls it public, in every spelling", () => {
  fc.assert(
    fc.property(v4Spelled, ({ address, host }) => {
      expect(kindOf(host)).toBe(isPublicV4(address) ? "ok" : "private_host");
    }),
    { numRuns: 3000 },
  );
});

test("an IPv6 address is accepted exactly when arithmetic calls it public, in every spelling", () => {
  fc.assert(
    fc.property(v6Spelled, ({ address, host }) => {
      expect(kindOf(host)).toBe(isPublicV6(address) ? "ok" : "private_host");
    }),
    { numRuns: 3000 },
  );
});

test("an IPv4 address inside an IPv6 one is never accepted", () => {
  const carriers = [
    (v4: bigint) => v4,
    (v4: bigint) => (0xffffn << 32n) + v4,
    (v4: bigint) => (0x64ff9bn << 96n) + v4,
    (v4: bigint) => (0x64ff9b0001n << 80n) + v4,
    (v4: bigint) => (0x2002n << 112n) + (v4 << 80n),
  ];
  fc.assert(
    fc.property(v4Address, fc.constantFrom(...carriers), (v4, carry) => {
      const hex = carry(v4).toString(16).padStart(32, "0");
      expect(kindOf(`[${hex.match(/.{4}/g)?.join(":") ?? ""}]`)).toBe("private_host");
    }),
  );
});

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
      if (!allowPrivate) expect(hostname).toMatch(/^\[.*\]$|^[^.].*\.[^.]/);
    }),
    { numRuns: 1000 },
  );
});
