// The overview: what has been done, and how the gateway is now.
import type { Overview, Span } from "../../operators/views.ts";
import type { Services } from "../../services/services.ts";
import { judgeHealth } from "./health.ts";
import { draw, readAggregated } from "./query.ts";
import { takeReadings } from "./readings.ts";

/** Throws when the aggregator does not answer. */
export async function overview(
  deps: Pick<Services, "metricsAggregator" | "operatorsDb" | "breakers">,
  checkDependencies: Parameters<typeof takeReadings>[1],
  span: Span,
  nowMs: number,
): Promise<Overview> {
  const aggregated = await readAggregated(deps.metricsAggregator, span, nowMs);
  const drawn = draw(span, nowMs, aggregated);
  const { readings, failingHosts } = await takeReadings(
    deps,
    checkDependencies,
    aggregated,
    drawn.waiting,
    nowMs,
  );
  return { ...drawn, health: judgeHealth(readings), failing_hosts: failingHosts };
}
