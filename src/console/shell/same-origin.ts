// Whether a request that changes something was made by the console's own pages. An operator may be known without a
// cookie (Cloudflare Access vouches for whatever the browser sends), so no cookie's rules protect it: the browser's word
// where the request comes from does. One that does not say is refused.

const SAFE = ["GET", "HEAD", "OPTIONS"];

/** What speaks against it, null if nothing does. `own`: the origins under which the console is served. */
export function crossSiteFault(method: string, headers: Headers, own: readonly string[]): string | null {
  if (SAFE.includes(method)) return null;
  const origin = headers.get("origin");
  if (origin === null) return "The request does not say which site it comes from (Origin).";
  if (!own.includes(origin)) return `The request comes from another site than ${own.join(" or ")}.`;
  const site = headers.get("sec-fetch-site");
  return site === null || site === "same-origin" ? null : "The request comes from another site.";
}
