// Reads a query in Analytics Engine's SQL, as far as that takes to tell whether it can be run there: every word in it is a
// keyword, a function of the dialect, a column, or a name that the query gave to something itself.
import { BLOBS, DOUBLES } from "../../../src/platform/observability/metrics.ts";

const KEYWORDS =
  "select as from where and or not in group by having order desc asc limit interval minute hour day".split(
    " ",
  );
/** Those of Cloudflare's SQL reference that are used here. */
const FUNCTIONS = "sum if now toStartOfInterval quantileExactWeighted intDiv toUInt32 round".split(" ");
const BUILT_IN = ["timestamp", "_sample_interval", "index1"];
const COLUMN = /^(?:blob|double|index)\d+$/;

export const COLUMNS: ReadonlyMap<string, string> = new Map([
  ["index1", "user"],
  ...BLOBS.map((name, at) => [`blob${at + 1}`, name] as const),
  ...DOUBLES.map((name, at) => [`double${at + 1}`, name] as const),
]);

/** What is wrong with it, in words; nothing, if it can be run. `macros` are words that are replaced before it is. */
export function findFaults(sql: string, macros: readonly string[] = []): string[] {
  const words = parseWords(sql);
  const aliases = new Set(words.filter((_, at) => words[at - 1]?.toLowerCase() === "as"));
  const known = (word: string): boolean =>
    KEYWORDS.includes(word.toLowerCase()) ||
    FUNCTIONS.includes(word) ||
    BUILT_IN.includes(word) ||
    COLUMNS.has(word) ||
    aliases.has(word) ||
    macros.includes(word);
  const faults = words.filter((word) => !known(word)).map((word) => `unknown: ${word}`);
  if (!sql.includes("_sample_interval")) faults.push("counts rows, and not what they stand for");
  for (const kind of ["request", "attempt"]) if (sql.includes(`blob1 = '${kind}'`)) return faults;
  return [...faults, "mixes requests and attempts"];
}

export function columnsIn(sql: string): string[] {
  return parseWords(sql).filter((word) => COLUMN.test(word));
}

function parseWords(sql: string): string[] {
  return sql.replace(/'[^']*'/g, "''").match(/\$?[A-Za-z_]\w*/g) ?? [];
}
