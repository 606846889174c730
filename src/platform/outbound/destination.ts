// May the edge send a run's result, or the operators' notifications, to this URL? A pure check of the text, at the start
// of a run and again before every attempt: the URL may have been stored under older rules.
// It trusts the WHATWG parser, the one that fetch() uses, to bring every spelling of an address into one form. It does not
// resolve names: from a public name that points to a private address the platform protects, whose requests leave from the
// edge (docs/platform-assumptions.md); from a redirect the guard, which follows none. An address in place of a name is refused, a public one too: Cloudflare
// fetches none, so a callback to it would never arrive.
import { isFetchableHost } from "../fetchable.ts";
import { isIpAddress } from "../ip-address.ts";
import type { Settings } from "../settings.ts";

export type DestinationRules = {
  /** Development: plain http and private hosts are accepted too. */
  allowPrivate: boolean;
  /** The gateway's own hosts, and the upstream's, as `URL.host` gives them: the name, and the port where it is not the scheme's own. */
  ownHosts: readonly string[];
};

export type RefusalReason =
  | "too_long"
  | "wrong_scheme"
  | "malformed"
  | "credentials"
  | "own_host"
  | "private_host"
  | "no_port";

/**
 * `url` is what may be fetched. Keep the caller's text, not `url.href`, for the next check: escaping can make it longer than is accepted.
 * `detail` may be shown to the caller.
 */
export type Destination =
  | { kind: "ok"; url: URL }
  | { kind: "refused"; reason: RefusalReason; detail: string };

const MAX_URL_LENGTH = 2048;

const DETAILS: Record<RefusalReason, string> = {
  too_long: "must be at most 2048 characters long",
  wrong_scheme: "must be an https URL",
  malformed: "must be an absolute URL with a host, without spaces, control characters and backslashes",
  credentials: "must not contain credentials",
  own_host: "must not point to this service",
  private_host: "must name a public host, not an IP address",
  no_port: "must not have port 0",
};

/**
 * Names that only a private resolver answers: RFC 6761, 6762 (appendix G too) and 8375, and ICANN's `internal`. The other
 * reserved ones (`test`, `example`, `invalid`, `onion`) lead nowhere in public DNS, so refusing them protects no host.
 */
const PRIVATE_SUFFIXES = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "home.arpa",
  "lan",
];

/** Nothing goes to the gateway itself, nor to the upstream, whose endpoints trust the gateway. `ownUrls`: where the gateway is. */
export function buildDestinationRules(
  { allowPrivateCallbacks, publicUrl, upstreamUrl }: Settings,
  ownUrls: readonly string[] = [],
): DestinationRules {
  const own = [...ownUrls, publicUrl, upstreamUrl].filter((url) => url !== null);
  return { allowPrivate: allowPrivateCallbacks, ownHosts: own.map((url) => new URL(url).host) };
}

export function checkDestination(text: string, rules: DestinationRules): Destination {
  if (text.length > MAX_URL_LENGTH) return refuse("too_long");
  const url = URL.parse(text);
  if (url === null) return refuse("malformed");
  if (!isSchemeAllowed(url.protocol, rules)) return refuse("wrong_scheme");
  if (!isWrittenPlainly(text) || !isFetchableHost(url.hostname)) return refuse("malformed");
  if (hasUserInfo(text)) return refuse("credentials");
  if (url.port === "0") return refuse("no_port");
  if (isOwnHost(url, rules)) return refuse("own_host");
  if (!rules.allowPrivate && !isPublicHost(url)) return refuse("private_host");
  // A fragment belongs to browsers: no receiver should have to drop it.
  url.hash = "";
  return { kind: "ok", url };
}

function refuse(reason: RefusalReason): Destination {
  return { kind: "refused", reason, detail: DETAILS[reason] };
}

function isSchemeAllowed(protocol: string, { allowPrivate }: DestinationRules): boolean {
  return protocol === "https:" || (allowPrivate && protocol === "http:");
}

/** WHATWG repairs `https:/\host`, `https:///host` and inner line breaks, other parsers read another host: no honest caller writes so. */
function isWrittenPlainly(text: string): boolean {
  return /^https?:\/\/[^\s\p{Cc}\\/][^\s\p{Cc}\\]*$/iu.test(text);
}

/** Read off the text, because WHATWG drops an empty `@`. Holds for a text that is written plainly. */
function hasUserInfo(text: string): boolean {
  return /^https?:\/\/[^/?#]*@/i.test(text);
}

/** In development the gateway and a receiver share 127.0.0.1, so there the port counts too. */
function isOwnHost(url: URL, { allowPrivate, ownHosts }: DestinationRules): boolean {
  return ownHosts.some((ownHost) => {
    const own = new URL(`${url.protocol}//${ownHost}`);
    const isSameName = withoutRootDot(own.hostname) === withoutRootDot(url.hostname);
    return isSameName && (!allowPrivate || own.port === url.port);
  });
}

function isPublicHost(url: URL): boolean {
  const host = withoutRootDot(url.hostname);
  if (isIpAddress(host)) return false;
  return host.includes(".") && !PRIVATE_SUFFIXES.some((suffix) => `.${host}`.endsWith(`.${suffix}`));
}

function withoutRootDot(hostname: string): string {
  return hostname.replace(/\.$/, "");
}
