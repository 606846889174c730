// Stands in for the Analytics Engine dataset and keeps what is written to it, each point's columns under the names that
// queries know them by.
import { BLOBS, DOUBLES } from "../../src/platform/observability/metrics.ts";

export type WrittenPoint = Record<string, unknown> & { index1: unknown };

export class Points {
  readonly written: WrittenPoint[] = [];

  /** For `makeGateway` and `Stage.set`, beside what else stands in for a binding. */
  readonly bindings = (): Partial<Env> => ({ METRICS: this });

  writeDataPoint({ indexes, blobs, doubles }: AnalyticsEngineDataPoint = {}): void {
    this.written.push({ index1: indexes?.[0], ...withNames(BLOBS, blobs), ...withNames(DOUBLES, doubles) });
    if (indexes?.length !== 1 || blobs?.length !== BLOBS.length || doubles?.length !== DOUBLES.length)
      throw new Error("a point of another width");
  }

  take(kind: "request" | "attempt"): WrittenPoint[] {
    return this.written.splice(0).filter((point) => point["kind"] === kind);
  }
}

function withNames(names: readonly string[], values: readonly unknown[] = []): Record<string, unknown> {
  return Object.fromEntries(names.map((name, at) => [name, values[at]]));
}
