// What the gateway is to reach in parts of the exact floor, and what it has reached.
import { quantile, ratios, spread, withSpread } from "./statistics.ts";

export type Throughput = { perSecond: number; cpuMs: number };

export type Measured = {
  name: string;
  title: string;
  /** By the number of connections, one of each round. */
  closed: Map<number, Throughput[]>;
  /** At `openPerSecond`, the latencies of each round. */
  open: number[][];
  openPerSecond: number;
};

type Figure = (measured: Measured) => number[];

/** Closed loop; the open loop is at a third of the capacity. */
const CONNECTIONS = 16;

const perSecond: Figure = ({ closed }) => (closed.get(CONNECTIONS) ?? []).map((round) => round.perSecond);
const cpu: Figure = ({ closed }) => (closed.get(CONNECTIONS) ?? []).map(({ cpuMs }) => cpuMs);
const latency =
  (share: number): Figure =>
  ({ open }) =>
    open.map((round) => quantile(Float64Array.from(round).toSorted(), share));

const TARGETS: readonly { what: string; name: string; figure: Figure; least?: number; most?: number }[] = [
  { what: "plain run, throughput", name: "ours-plain", figure: perSecond, least: 0.8 },
  { what: "plain run, CPU", name: "ours-plain", figure: cpu, most: 1.3 },
  { what: "plain run, p50", name: "ours-plain", figure: latency(0.5), most: 1.25 },
  { what: "plain run, p99", name: "ours-plain", figure: latency(0.99), most: 1.25 },
  { what: "run with a new id, CPU", name: "ours-idempotent", figure: cpu, most: 2.5 },
  { what: "run with a callback until delivered, CPU", name: "ours-callback", figure: cpu, most: 5 },
  { what: "replay, CPU", name: "ours-replay", figure: cpu, most: 1.2 },
];

/** Lines of a table: what, the target, what was reached, whether that is enough. Only of what was measured. */
export function targetLines(all: readonly Measured[], [exactFloor]: readonly Measured[] = all): string[][] {
  return TARGETS.flatMap(({ what, name, figure, least, most }) => {
    const measured = all.find((one) => one.name === name);
    if (measured === undefined || exactFloor === undefined) return [];
    const reached = spread(ratios(figure(measured), figure(exactFloor)));
    if (Number.isNaN(reached.median)) return [];
    const isMet = reached.median >= (least ?? 0) && reached.median <= (most ?? Number.POSITIVE_INFINITY);
    const target = least === undefined ? `≤ ${most?.toFixed(2)}` : `≥ ${least.toFixed(2)}`;
    return [[what, target, withSpread(reached, 2), isMet ? "met" : "missed"]];
  });
}
