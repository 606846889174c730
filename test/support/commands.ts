import * as fc from "fast-check";

/** One of a story's commands, of what its members may be, `weight` times as likely as one of weight 1. */
export function weighted<T>(weight: number, members: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return { weight, arbitrary: fc.record<T>(members) };
}
