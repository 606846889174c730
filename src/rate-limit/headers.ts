import type { WindowView } from "./window.ts";

export type WindowName = "runs" | "results";

/**
 * Contract, Rate limit: the X-RateLimit-* trio and the IETF pair (draft-ietf-httpapi-ratelimit-headers). Empty without
 * a limit, and of one in the shadow. Rounded up, so that the moment they name is never too early.
 */
export function rateLimitHeaders(
  name: WindowName,
  view: WindowView | null,
  format: "unix" | "date-time",
  nowMs: number,
): Record<string, string> {
  if (view === null || view.isShadow) return {};
  const { limit, remaining, resetAtMs, windowMs } = view;
  const resetSeconds = Math.ceil(resetAtMs / 1000);
  const restSeconds = Math.max(0, Math.ceil((resetAtMs - nowMs) / 1000));
  return {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-reset":
      format === "unix" ? String(resetSeconds) : new Date(resetSeconds * 1000).toISOString(),
    "ratelimit-policy": `"${name}";q=${limit};w=${windowMs / 1000}`,
    ratelimit: `"${name}";r=${remaining};t=${restSeconds}`,
  };
}
