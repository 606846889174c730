import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Logs of tests that pass are noise; those of one that fails are its story.
    silent: "passed-only",
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            // Tests in workerd bring an upstream of their own; the sandbox is for the flows.
            miniflare: { serviceBindings: { UPSTREAM: () => new Response(null, { status: 501 }) } },
          }),
        ],
        test: { name: "workers", include: ["test/**/*.test.ts"], exclude: ["test/flows/**"] },
      },
      {
        test: {
          name: "flows",
          include: ["test/flows/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
