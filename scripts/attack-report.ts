// What the attack suites have tried, read off vitest's JSON report. The last test of each suite in test/security/ is
// named after what the suite has counted, and passes only if that is what really ran (test/security/bench.ts).
import { readFileSync } from "node:fs";
import { relative } from "node:path";

type Test = { ancestorTitles: string[]; title: string; status: string };
type Report = { testResults: { name: string; assertionResults: Test[] }[] };

type Counts = { refused: number; served: number };

export type Suite = {
  file: string;
  /** How many tests passed and failed under each of its headings, in order. */
  groups: Map<string, { passed: number; failed: number }>;
  /** Null where a file keeps no count. */
  counts: Counts | null;
};

const FOLDER = "test/security/";
const COUNT = /^(\d+) attacks refused, (\d+) honest twins served$/;

export function suitesIn(reportPath: string): Suite[] {
  const { testResults }: Report = JSON.parse(readFileSync(reportPath, "utf8"));
  const suites = testResults.map(({ name, assertionResults: tests }) => {
    return { file: relative(process.cwd(), name), groups: groupsOf(tests), counts: countsOf(tests) };
  });
  return suites.toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

/** Attack suites that say nothing of what they have tried. */
export function uncounted(suites: readonly Suite[]): string[] {
  return suites
    .filter(({ file, counts }) => file.startsWith(FOLDER) && counts === null)
    .map(({ file }) => file);
}

/** The last word: what was refused and served in all of them. */
export function summaryOf(suites: readonly Suite[]): string {
  const total = { refused: 0, served: 0 };
  for (const { counts } of suites) {
    total.refused += counts?.refused ?? 0;
    total.served += counts?.served ?? 0;
  }
  return `attacks: ${grouped(total.refused)} cases refused, ${grouped(total.served)} honest twins served`;
}

/** 1,234 */
export function grouped(count: number): string {
  return count.toLocaleString("en");
}

function groupsOf(tests: readonly Test[]): Suite["groups"] {
  const groups: Suite["groups"] = new Map();
  for (const { ancestorTitles, title, status } of tests) {
    if (COUNT.test(title)) continue;
    const heading = ancestorTitles[0] ?? title;
    const group = groups.get(heading) ?? { passed: 0, failed: 0 };
    groups.set(heading, group);
    group[status === "passed" ? "passed" : "failed"] += 1;
  }
  return groups;
}

function countsOf(tests: readonly Test[]): Counts | null {
  for (const { title, status } of tests) {
    const [, refused, served] = COUNT.exec(title) ?? [];
    if (status === "passed" && refused !== undefined)
      return { refused: Number(refused), served: Number(served) };
  }
  return null;
}
