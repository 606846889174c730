import { log } from "../observability/log.ts";

/** Reviews a gate's rows side by side. False when one of them failed; it stays due. */
export async function reviewAll(
  gate: string,
  keys: string[],
  look: (key: string) => Promise<void>,
): Promise<boolean> {
  const reviews = await Promise.allSettled(keys.map(look));
  const failed = reviews.filter((review) => review.status === "rejected");
  for (const { reason } of failed) log({ event: "gate.review_failed", gate, error: reason });
  return failed.length === 0;
}
