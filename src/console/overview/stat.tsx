// A card of the overview: a title, a number, and what explains it.
import type { Child } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";

type StatProps = { title: string; number: string; side: JSX.Element | string; children: Child };

export function Stat({ title, number, side, children }: StatProps): JSX.Element {
  return (
    <section class="card stat">
      <h2>{title}</h2>
      <p class="stat-number">
        <strong>{number}</strong>
        <span class="dim">{side}</span>
      </p>
      {children}
    </section>
  );
}
