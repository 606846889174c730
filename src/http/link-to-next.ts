// Pages of rows whose body has no place for a cursor, such as CSV.
import type { AppContext } from "./context.ts";

/** RFC 8288: the same path and span, from `cursor` on. */
export function linkToNext(c: AppContext, cursor: string): { link: string } {
  const { from = "", to = "" } = c.req.query();
  const next = new URL(c.req.path, c.get("publicUrl"));
  next.search = new URLSearchParams({ from, to, cursor }).toString();
  return { link: `<${next.href}>; rel="next"` };
}
