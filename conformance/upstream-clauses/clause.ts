// A clause of docs/upstream.md that can be asked: what an upstream does, and what callers see when it does not.
import type { Clause } from "../clause.ts";
import type { UpstreamWorld } from "../upstream-world.ts";

export const UPSTREAM_SECTIONS = {
  start: "Starting a run",
  idempotency: "Idempotency",
  read: "Reading a run",
  missing: "What is not there",
  refusal: "Refusals",
  identity: "Identity",
  completion: "Completions",
  health: "Health",
  answers: "Every answer",
} as const;

export type UpstreamSection = keyof typeof UPSTREAM_SECTIONS;

/** A breached `should` is advice: callers get what the gateway promises, later or with less in it. */
export type Level = "must" | "should";

export type UpstreamClause = Clause<UpstreamWorld, UpstreamSection> & {
  level: Level;
  /** What a breach means for callers. */
  consequence: string;
};

/** Makes the clauses of a section. Each has its name first, then what the upstream does. */
export function defineUpstreamClauses(section: UpstreamSection) {
  return (
    level: Level,
    says: `${string}: ${string}`,
    consequence: string,
    check: UpstreamClause["check"],
  ): UpstreamClause => {
    const [name = ""] = says.split(": ", 1);
    const text = says.slice(name.length + 2);
    return { section, id: `${section}.${name}`, text, isAside: false, level, consequence, check };
  };
}
