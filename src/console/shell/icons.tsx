// Drawn here: no file and no host is asked for them. All are decoration beside a word.
import type { JSX } from "hono/jsx/jsx-runtime";

const PATHS = {
  pulse: "M2 13V9m4 4V3m4 10V7m4 6V5",
  list: "M2.5 4h11M2.5 8h11M2.5 12h7",
  person: "M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8Zm-5 5.5c.6-2.3 2.6-3.5 5-3.5s4.4 1.2 5 3.5",
  letter: "M2 4h12v8.5H2zM2.5 4.5 8 9l5.5-4.5",
  target: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-3.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  book: "M3 2.5h8.5A1.5 1.5 0 0 1 13 4v9.5H4.5A1.5 1.5 0 0 1 3 12zM5.5 5.5h5M5.5 8h5",
  theme: "M13.5 9.5A5.75 5.75 0 0 1 6.5 2.5a5.75 5.75 0 1 0 7 7Z",
} as const;

const PEN = {
  fill: "none",
  stroke: "currentColor",
  "stroke-linecap": "round",
  "stroke-linejoin": "round",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" stroke-width="1.5" {...PEN} aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** With a margin: it stands on a ground of its own. */
export function BrandIcon(): JSX.Element {
  return (
    <svg viewBox="-4 -4 24 24" width="24" height="24" stroke-width="1.75" {...PEN} aria-hidden="true">
      <path d="M2.5 8h4l2-4.5 2.5 9 1.5-4.5h1" />
    </svg>
  );
}
