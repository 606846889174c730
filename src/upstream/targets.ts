// Where an answer of the upstream points to (Location: RFC 9110, section 10.2.2; Link: RFC 8288), for a caller that reaches
// the upstream through the gateway alone. No caller may learn the upstream's host: a target at it is rewritten where
// the gateway forwards it, and left out where it does not. A target at any other host passes as it is.
import { isForwardable } from "./forwardable.ts";

/** What a target is relative to, and what stands for what. */
export type TargetBase = { requestUrl: string; baseUrl: string; publicUrl: string };

/** Null: the gateway has nothing to show in its place. */
export function toCallersTarget(
  target: string,
  { requestUrl, baseUrl, publicUrl }: TargetBase,
): string | null {
  const url = URL.parse(target, requestUrl);
  if (url === null) return null;
  const upstream = new URL(baseUrl);
  const path = pathUnder(upstream, url);
  // No other path reaches the upstream through the gateway.
  if (path !== null) {
    const rest = `${path}${url.search}${url.hash}`;
    return isForwardable(path) && !namesHost(rest, upstream) ? publicUrl + rest : null;
  }
  return url.origin !== publicUrl && namesHost(url.href, upstream) ? null : target;
}

/** No `<` within a target, so that a field of many is read in one pass. */
const LINK = /<([^<>]*)>((?:[^",]|"(?:[^"\\]|\\.)*")*)/g;

/** The links that a caller can use; null when there is none. */
export function toCallersLinks(field: string, base: TargetBase): string | null {
  const upstream = new URL(base.baseUrl);
  const links = [...field.matchAll(LINK)].flatMap(([, target = "", parameters = ""]) => {
    // An anchor names another context, maybe one at the upstream's host; so may a relation, or a title.
    const isOfOther = /;\s*anchor\*?\s*=/i.test(parameters) || namesHost(parameters, upstream);
    const shown = isOfOther ? null : toCallersTarget(target.trim(), base);
    return shown === null ? [] : [`<${shown}>${parameters.trimEnd()}`];
  });
  return links.length === 0 ? null : links.join(", ");
}

function pathUnder(upstream: URL, { origin, pathname }: URL): string | null {
  const prefix = upstream.pathname.replace(/\/$/, "");
  const isUnder = origin === upstream.origin && (pathname === prefix || pathname.startsWith(`${prefix}/`));
  return isUnder ? pathname.slice(prefix.length) : null;
}

/** Wherever it stands: with the root's dot, in a query, in a URL within the URL, escaped once or twice. */
function namesHost(text: string, { hostname }: URL): boolean {
  const name = hostname.replaceAll(/[.[\]]/g, "\\$&");
  const pattern = new RegExp(`(?<![a-z0-9.-])${name}(?!\\.?[a-z0-9-])`, "i");
  const once = unescapeAscii(text);
  return [text, once, unescapeAscii(once)].some((spelling) => pattern.test(spelling));
}

function unescapeAscii(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_escape, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
