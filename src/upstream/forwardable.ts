// Which paths are passed on to the upstream. A caller is neither let through to another one, nor shown it in a Location or Link.
import { foldSpelling } from "../platform/fold.ts";

/**
 * Whether a path, as the URL parser left it, means to the upstream what it means here: no empty segment, no escape that
 * another parser would undo into structure, no way up, and no other spelling of a route that counts.
 */
export function isForwardable(pathname: string): boolean {
  if (!pathname.startsWith("/actions/") || AMBIGUOUS.test(pathname)) return false;
  const segments = plainest(pathname);
  if (segments === null || segments.some((segment) => segment === "." || segment === "..")) return false;
  // As empty as the one between two slashes, which many an upstream passes over.
  if (segments.slice(1, -1).includes("")) return false;
  const isPlain = COUNTED.test(pathname) && !pathname.includes("/.");
  return isPlain || !COUNTED.test(withoutSuffix(segments));
}

const AMBIGUOUS = /\/\/|\\|%(?:2e|2f|3f|23|5c|00|25)/i;

// The paths of runs. Here they come only under methods that the routes before did not take.
const COUNTED =
  /^\/actions\/v1\/(?:runs|stored-actions\/[^/;%]+\/run|(?:stored-actions\/[^/;%]+\/)?runs\/[^/;%]+)$/;

/** What the laxest upstream might read: unescaped, folded, without path parameters and outer blanks. Null for what is no UTF-8, as an overlong dot. */
function plainest(pathname: string): string[] | null {
  try {
    return foldSpelling(decodeURIComponent(pathname))
      .split("/")
      .map((segment) => segment.replace(/;.*/s, "").trim());
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

/** Trailing slashes and a format (`/runs.json`, `/runs/.json`) are dropped by many a router. */
function withoutSuffix(segments: readonly string[]): string {
  const last = segments.findLastIndex((segment) => segment !== "" && !segment.startsWith("."));
  const kept = segments.slice(0, last + 1);
  return [...kept.slice(0, -1), ...kept.slice(-1).map((segment) => segment.replace(/\..*/s, ""))].join("/");
}
