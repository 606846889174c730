// Reads a URL as a parser of another school does: RFC 3986 by its own regular expression (appendix B), an IPv4 address as
// inet_aton of the C libraries takes it, and names judged by IANA's registry. Nothing here is WHATWG's,
// so it disagrees wherever the guard's own parser is too clever.

export type Read = {
  scheme: string;
  userInfo: string | null;
  /** Decoded, mapped to plain characters, without the root's dot. */
  host: string;
  port: string;
  /** The address that the host spells, null when it is a name. */
  address: bigint | null;
};

/** Null when there is no scheme or no authority, or the authority is none. */
export function readUrl(text: string): Read | null {
  const [, scheme, authority] = /^([^:/?#]+):\/\/([^/?#]*)/.exec(text) ?? [];
  if (scheme === undefined || authority === undefined) return null;
  const at = authority.lastIndexOf("@");
  const [, rawHost, port = ""] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority.slice(at + 1)) ?? [];
  const host = plain(rawHost ?? "");
  if (host === null) return null;
  return {
    scheme: scheme.toLowerCase(),
    userInfo: at === -1 ? null : authority.slice(0, at),
    host,
    port: port === "" || Number(port) === 443 ? "" : String(Number(port)),
    address: host.startsWith("[") ? ipv6(host.slice(1, -1)) : inetAton(host),
  };
}

/** A name, and by the registry of special-use names a public one. */
export function isPublicName(host: string): boolean {
  if (host.startsWith("[") || inetAton(host) !== null) return false;
  const labels = host.split(".");
  return labels.length > 1 && !labels.includes("") && !isPrivateName(labels);
}

const PRIVATE_ENDS = new Set(
  "localhost localdomain local internal intranet private corp home lan".split(" "),
);

function isPrivateName(labels: string[]): boolean {
  const last = labels.at(-1) ?? "";
  return PRIVATE_ENDS.has(last) || (last === "arpa" && labels.at(-2) === "home");
}

/** What IDNA maps away before a name is looked up: compatibility forms, case, invisible characters, other dots. */
function plain(host: string): string | null {
  try {
    const decoded = decodeURIComponent(host).normalize("NFKC").toLowerCase();
    return decoded
      .replaceAll(/[\u00ad\u200b-\u200d\u2060\ufeff]/g, "")
      .replaceAll("。", ".")
      .replace(/\.$/, "");
  } catch {
    return null;
  }
}

/** One to four numbers, decimal, octal or hexadecimal; the last one fills what is left. */
function inetAton(host: string): bigint | null {
  const parts = host.split(".").map(cNumber);
  const leading = parts.slice(0, -1);
  const last = parts.at(-1) ?? null;
  if (parts.length > 4 || last === null) return null;
  const size = 1n << BigInt(8 * (4 - leading.length));
  let address = 0n;
  for (const part of leading) {
    if (part === null || part > 255n) return null;
    address = address * 256n + part;
  }
  return last < size ? address * size + last : null;
}

function cNumber(text: string): bigint | null {
  if (/^0x[0-9a-f]+$/.test(text)) return BigInt(text);
  if (/^0x$/.test(text)) return 0n;
  if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text.slice(1)}`);
  return /^(0|[1-9][0-9]*)$/.test(text) ? BigInt(text) : null;
}

/** RFC 4291, section 2.2: eight groups, one run of zeros left out, the last two groups maybe dotted. */
function ipv6(text: string): bigint | null {
  const hex = text.replace(/(?<=:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = [], tail, ...more] = hex.split("::").map((half) => (half === "" ? [] : half.split(":")));
  if (more.length > 0) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return null;
  return groups.reduce((address, group) => address * 65_536n + BigInt(`0x${group}`), 0n);
}
