// Asks clause after clause, and beside them those that mostly wait.
import { Breach, type Clause, type Result, Skip } from "./clause.ts";

const MAX_DETAIL = 400;

/** Gives each result as soon as it and all before it are known. */
export async function* runClauses<W, S>(
  clauses: readonly Clause<W, S>[],
  world: W,
): AsyncGenerator<Result<S>> {
  const asides = new Map(
    clauses.filter(({ isAside }) => isAside).map((clause) => [clause, runClause(clause, world)] as const),
  );
  for (const clause of clauses) yield await (asides.get(clause) ?? runClause(clause, world));
}

async function runClause<W, S>(clause: Clause<W, S>, world: W): Promise<Result<S>> {
  const { section, id, text, check } = clause;
  let noted: string | null = null;
  try {
    await check(world, (note) => {
      noted = note;
    });
    return { id, section, text, outcome: "ok", detail: noted };
  } catch (error) {
    return { id, section, text, ...failure(error) };
  }
}

function failure(error: unknown): Pick<Result, "outcome" | "detail"> {
  if (error instanceof Skip) return { outcome: "skipped", detail: error.message };
  if (error instanceof Breach) return { outcome: "breach", detail: oneLine(error.message) };
  // The deployment did not answer, or this suite is at fault: either way the clause does not hold.
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return { outcome: "breach", detail: oneLine(`${String(error)}${cause}`) };
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > MAX_DETAIL ? `${line.slice(0, MAX_DETAIL)}…` : line;
}
