import type { AppContext } from "./context.ts";

/** Of a parameter that came twice all its values together, which is a good value of none. */
export function parseQuery(c: AppContext): Record<string, string> {
  const all = Object.entries(c.req.queries());
  return Object.fromEntries(all.map(([name, values]) => [name, values.join()]));
}
