import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Whose tests keep nothing in storage that another file could meet. */
const STATELESS = ["test/{auth,callbacks,contract,sandbox,upstream}/**/*.test.ts", "test/*.test.ts"];

/** For a machine that is busy with something else. */
const BUSY_MS = 20_000;

const LOG_GUARD = ["test/support/log-guard.ts"];

const workerd = async () =>
  cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    // Tests in workerd bring an upstream of their own; the sandbox is for the flows.
    miniflare: {
      // No consumer takes these: a test hands the pointers on itself.
      queueProducers: { RUNS: "edge-actions-runs-unconsumed" },
      serviceBindings: { UPSTREAM: () => new Response(null, { status: 501 }) },
      // For test/support/ledger.ts.
      bindings: { TEST_MIGRATIONS: await readD1Migrations("migrations") },
    },
  });

export default defineConfig({
  test: {
    // Logs of tests that pass are noise; those of one that fails are its story.
    silent: "passed-only",
    projects: [
      {
        plugins: [await workerd()],
        // One workerd for many files: starting one takes longer than most of them do.
        test: {
          name: "units",
          include: STATELESS,
          setupFiles: LOG_GUARD,
          isolate: false,
          testTimeout: BUSY_MS,
          maxWorkers: 2,
        },
      },
      {
        plugins: [await workerd()],
        test: {
          name: "workers",
          include: ["test/**/*.test.ts"],
          exclude: ["test/flows/**", ...STATELESS],
          setupFiles: LOG_GUARD,
          testTimeout: BUSY_MS,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "flows",
          include: ["test/flows/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each file runs a gateway of its own, or several in turn: after the other tests, and few at a time.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
