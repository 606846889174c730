// Charts as SVG, drawn here. The plot stretches with its place; labels are text beside it, so that they stay as large
// as they are on any screen. Every bucket says its numbers (a title), and pages give the same numbers as a table.
import type { Child, PropsWithChildren } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import { axisTop, linePath, lonePoints, moments, stack, ticks } from "./scale.ts";

/** Units of the plot. A bucket is as wide as there is room. */
const HEIGHT = 100;
const STEP = 10;
const GAP = 1.6;

const PEN = {
  fill: "none",
  "stroke-linecap": "round",
  "stroke-linejoin": "round",
  "vector-effect": "non-scaling-stroke",
} as const;

export type Series = {
  name: string;
  tone: "good" | "bad" | "worst" | "warn" | "accent" | "soft";
  values: readonly (number | null)[];
};

type ChartProps = {
  /** What it shows, for screen readers. */
  label: string;
  /** What each bucket says when it is pointed at. */
  titles: readonly string[];
  series: readonly Series[];
  from: string;
  to: string;
  /** Of the axes. */
  value: (value: number) => string;
  moment: (at: string) => string;
  /** Where the scale is given by what is shown. */
  top?: number;
};

export function BarChart(props: ChartProps): JSX.Element {
  const { titles, series } = props;
  const sums = titles.map((_, index) => sumAt(series, index));
  const top = props.top ?? axisTop(Math.max(0, ...sums), true);
  return (
    <Frame {...props} top={top}>
      {titles.map((title, index) => {
        const x = index * STEP;
        const rects = stack(
          series.map(({ values }) => values[index] ?? 0),
          top,
          HEIGHT,
        );
        return (
          <g class="bucket">
            <title>{title}</title>
            <Hit x={x} />
            {rects.map(({ y, height }, part) =>
              height === 0 ? null : (
                <rect class={series[part]?.tone} x={x + GAP / 2} y={y} width={STEP - GAP} height={height} />
              ),
            )}
          </g>
        );
      })}
    </Frame>
  );
}

export function LineChart(props: ChartProps): JSX.Element {
  const { titles, series } = props;
  const known = series.flatMap(({ values }) => values.filter((value) => value !== null));
  const top = props.top ?? axisTop(Math.max(0, ...known), false);
  return (
    <Frame {...props} top={top}>
      {series.map(({ tone, values }) => (
        <>
          <path
            class={tone}
            d={linePath(values, top, STEP, HEIGHT)}
            {...PEN}
            stroke-width="1.75"
            stroke-dasharray={tone === "soft" ? "5 3" : undefined}
          />
          <path class={tone} d={lonePoints(values, top, STEP, HEIGHT)} {...PEN} stroke-width="6" />
        </>
      ))}
      {titles.map((title, index) => (
        <g class="bucket">
          <title>{title}</title>
          <Hit x={index * STEP} />
        </g>
      ))}
    </Frame>
  );
}

/** Where a bucket is pointed at; seen while it is. */
function Hit({ x }: { x: number }): JSX.Element {
  return <rect class="hit" x={x} width={STEP} height={HEIGHT} opacity="0" />;
}

type FrameProps = Omit<ChartProps, "top"> & { top: number; children: Child };

function Frame({ label, titles, from, to, value, moment, top, children }: FrameProps): JSX.Element {
  const width = Math.max(1, titles.length) * STEP;
  const marks = ticks(top);
  return (
    <div class="chart" data-chart>
      <div class="chart-y" aria-hidden="true">
        {marks.map((mark) => (
          <span>{value(mark)}</span>
        ))}
      </div>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        width="100%"
        height="132"
        overflow="visible"
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {marks.map((_, index) => {
          const y = (HEIGHT * index) / (marks.length - 1);
          return <line x1="0" x2={width} y1={y} y2={y} vector-effect="non-scaling-stroke" />;
        })}
        {children}
      </svg>
      <div class="readout" aria-hidden="true" />
      <div class="chart-x" aria-hidden="true">
        {moments(from, to).map((at, index, all) => (
          <span>{moment(at) === moment(all[index - 1] ?? "") ? "" : moment(at)}</span>
        ))}
      </div>
    </div>
  );
}

/** What the colours mean, in words. */
export function Legend({ series }: { series: readonly Pick<Series, "name" | "tone">[] }): JSX.Element {
  return (
    <ul class="legend">
      {series.map(({ name, tone }) => (
        <li>
          <span class={`swatch ${tone}`} aria-hidden="true" />
          {name}
        </li>
      ))}
    </ul>
  );
}

/** How much of a whole is used up. */
export function Meter({ label, used, whole }: { label: string; used: number; whole: number }): JSX.Element {
  const part = whole === 0 ? 0 : Math.min(1, used / whole);
  const tone = part >= 1 ? "bad" : part >= 0.8 ? "warn" : "accent";
  return (
    <MeterFrame label={label}>
      <rect width="100" height="4" />
      <rect class={tone} width={Math.round(part * 1000) / 10} height="4" />
    </MeterFrame>
  );
}

export function MeterFrame({ label, children }: PropsWithChildren<{ label: string }>): JSX.Element {
  return (
    <svg
      class="meter"
      viewBox="0 0 100 4"
      width="100%"
      height="6"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {children}
    </svg>
  );
}

function sumAt(series: readonly Series[], index: number): number {
  return series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0);
}
