// The lines that are printed about an upstream: of a breach also what follows from it.
import type { Result } from "./clause.ts";
import { UPSTREAM_SECTIONS, type UpstreamClause, type UpstreamSection } from "./upstream-clauses/clause.ts";

type Outcome = "pass" | "FAIL" | "advice" | "not asked";

export type UpstreamResult = Pick<UpstreamClause, "id" | "section" | "level" | "text" | "consequence"> & {
  outcome: Outcome;
  /** What was seen, why it was not asked, or a note; null when there is nothing to say. */
  detail: string | null;
};

export type UpstreamSummary = Record<Outcome, number>;

const MARK_WIDTH = 10;
const ID_WIDTH = 28;
const INDENT = " ".repeat(MARK_WIDTH + 2);

export function toUpstreamResult(
  { level, consequence }: Pick<UpstreamClause, "level" | "consequence">,
  { id, section, text, outcome, detail }: Result<UpstreamSection>,
): UpstreamResult {
  return { id, section, level, text, consequence, outcome: toOutcome(outcome, level), detail };
}

function toOutcome(outcome: Result["outcome"], level: UpstreamClause["level"]): Outcome {
  if (outcome === "ok") return "pass";
  if (outcome === "skipped") return "not asked";
  return level === "must" ? "FAIL" : "advice";
}

export function upstreamHeading({ section }: UpstreamResult): string {
  return `\n${UPSTREAM_SECTIONS[section]}`;
}

export function upstreamLine({ id, level, text, outcome, detail, consequence }: UpstreamResult): string {
  const first = `  ${outcome.padEnd(MARK_WIDTH)}${id.padEnd(ID_WIDTH)} ${level}: ${text}`;
  if (outcome === "pass" || outcome === "not asked") return detail === null ? first : `${first} — ${detail}`;
  return `${first}\n${INDENT}seen: ${detail}\n${INDENT}what follows: ${consequence}`;
}

export function summarizeUpstream(results: readonly UpstreamResult[]): UpstreamSummary {
  const count = (wanted: Outcome) => results.filter(({ outcome }) => outcome === wanted).length;
  return {
    pass: count("pass"),
    FAIL: count("FAIL"),
    advice: count("advice"),
    "not asked": count("not asked"),
  };
}

export function upstreamSummaryLine(summary: UpstreamSummary): string {
  const counts = Object.entries(summary).map(([outcome, count]) => `${count} ${outcome}`);
  return `\n${counts.join(", ")}`;
}
