import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { type Project, testFiles } from "./scripts/test-projects.ts";

const FILES = testFiles();

/** For a machine that is busy with something else: the longest of these take 9 s and 34 s on one that is not. */
const BUSY_MS = 180_000;
const FLOW_MS = 300_000;

const GLOBAL_SETUP = "test/flows/support/global-setup.ts";
const LOG_GUARD = "test/support/log-guard.ts";

/** Whether `--project=…` leaves it in; all are in where none is named. */
function isChosen(project: Project): boolean {
  const projects = process.argv.filter((argument) => argument.startsWith("--project="));
  return projects.length === 0 || projects.includes(`--project=${project}`);
}

/** The plugin loads wrangler, which takes longer than all unit tests together. */
async function workerd() {
  const { cloudflareTest, readD1Migrations } = await import("@cloudflare/vitest-plugin");
  return cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    // Tests in workerd bring an upstream of their own; the sandbox is for the flows.
    miniflare: {
      // No consumer takes these: a test hands the messages on itself.
      queueProducers: {
        RUNS: "edge-actions-runs-unconsumed",
        RUNS_ALONE: "edge-actions-runs-dead-unconsumed",
      },
      serviceBindings: { UPSTREAM: () => new Response(null, { status: 501 }) },
      // For test/support/operators-index.ts.
      bindings: { TEST_MIGRATIONS: await readD1Migrations("migrations") },
    },
  });
}

/** Nothing that starts late may be what all wait for in the end. */
const LONGEST_FIRST = [
  "conformance",
  "chaos",
  "deploy",
  "documented-commands",
  "platform",
  "callbacks-deliver",
  "console",
  "callbacks-retry",
  "limit",
  "rotation",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- not an array's
    const all = await super.sort(files);
    return all.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = LONGEST_FIRST.findIndex((name) => moduleId.endsWith(`/flows/${name}.test.ts`));
  return at === -1 ? LONGEST_FIRST.length : at;
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Logs of tests that pass are noise; those of one that fails are its story.
    silent: "passed-only",
    projects: [
      // What runs in which one: scripts/test-projects.ts.
      {
        test: {
          name: "unit",
          include: FILES.unit,
          setupFiles: [LOG_GUARD],
          isolate: false,
          testTimeout: BUSY_MS,
        },
      },
      isChosen("workers") && {
        plugins: [await workerd()],
        // One workerd for many files: starting one takes longer than most of them do.
        test: {
          name: "workers",
          include: FILES.workers,
          setupFiles: [LOG_GUARD, "test/support/empty-storage.ts"],
          isolate: false,
          testTimeout: BUSY_MS,
        },
      },
      isChosen("alone") && {
        plugins: [await workerd()],
        test: {
          name: "alone",
          include: FILES.alone,
          setupFiles: [LOG_GUARD, "test/support/mark-alone.ts"],
          testTimeout: BUSY_MS,
        },
      },
      {
        test: {
          name: "flows",
          globalSetup: GLOBAL_SETUP,
          include: FILES.flows,
          testTimeout: FLOW_MS,
          hookTimeout: FLOW_MS,
          isolate: false,
          // More than there are cores: flows mostly wait.
          maxWorkers: 3,
          // Of one file, whose commands take a core each.
          maxConcurrency: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "measuring",
          globalSetup: GLOBAL_SETUP,
          include: FILES.measuring,
          testTimeout: FLOW_MS,
          hookTimeout: FLOW_MS,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ].filter((project) => project !== false),
  },
});
