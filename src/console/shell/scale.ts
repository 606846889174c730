// The arithmetic of the charts: pure, in units of the plot.

/** Intervals between gridlines, the same in every chart, so that the labels beside them need no positions. */
const INTERVALS = 4;
const MANTISSAS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** The top of an axis: four equal round steps that reach over `max`. */
export function axisTop(max: number, whole: boolean): number {
  const least = Math.max(max, Number.EPSILON) / INTERVALS;
  const power = 10 ** Math.floor(Math.log10(least));
  const mantissa = MANTISSAS.find((each) => each * power >= least && (!whole || isWhole(each * power)));
  const step = (mantissa ?? 10) * power;
  return INTERVALS * (whole ? Math.max(1, step) : step);
}

function isWhole(value: number): boolean {
  return Number.isInteger(value) || value < 1;
}

/** From the top down. */
export function ticks(top: number): number[] {
  return Array.from({ length: INTERVALS + 1 }, (_, index) => (top * (INTERVALS - index)) / INTERVALS);
}

/** Five moments from the first to the last, both included. */
export function moments(from: string, to: string): string[] {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  return Array.from({ length: INTERVALS + 1 }, (_, index) =>
    new Date(fromMs + ((toMs - fromMs) * index) / INTERVALS).toISOString(),
  );
}

export type Rect = { y: number; height: number };

/** Parts of a bar one upon the other, from the ground (`height` down) up. */
export function stack(values: readonly number[], top: number, height: number): Rect[] {
  let ground = height;
  return values.map((value) => {
    const part = (value / top) * height;
    ground -= part;
    return { y: round(ground), height: round(part) };
  });
}

/** The path of a line through the middles of its buckets; where a value is missing it is interrupted. */
export function linePath(
  values: readonly (number | null)[],
  top: number,
  step: number,
  height: number,
): string {
  const commands = values.map((value, index) => {
    if (value === null) return "";
    const isFirst = (values[index - 1] ?? null) === null;
    const point = pointAt(value, index, top, step, height);
    return isFirst ? `M${point}` : `L${point}`;
  });
  return commands.join("");
}

/** Points without a neighbour, which no line shows: a round cap makes each a dot. */
export function lonePoints(
  values: readonly (number | null)[],
  top: number,
  step: number,
  height: number,
): string {
  const commands = values.map((value, index) => {
    const isLone = (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
    return value !== null && isLone ? `M${pointAt(value, index, top, step, height)}h0` : "";
  });
  return commands.join("");
}

function pointAt(value: number, index: number, top: number, step: number, height: number): string {
  return `${round((index + 0.5) * step)} ${round(height - (Math.min(value, top) / top) * height)}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
