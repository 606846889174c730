// The tools' commands, as the documents have them, and what comes of them.
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { readLines } from "./documents.ts";
import { PROJECT } from "./environment.ts";
import type { Played, Scene } from "./scene.ts";

/** An hour of a day, what a load needs, and a day through so many queues. */
const DAY_OR_NEEDS =
  /^\| \d\d \|(?: [\d,]+ \|){9}$|^\| 1[0,]+ \| [\d,]+ \| \d+ \| [\d,]+ \| \d+\.\d \|$|^\| [234] \|(?: [\d,]+ \|){5}$/;

/** Of all test files, that one alone was run. */
const ONLY_RAN_WINDOW = /\|unit\| test\/gate\/window\.test\.ts \([^]*Test Files +1 passed \(1\)/;

const TOOLS: readonly Played[] = [
  { command: "npm start -- --help", shows: /--env-file FILE/ },
  {
    command: "npm run --silent vectors",
    shows: /^\{\s*"vectors": \[[^]*"reason": "there is no webhook-signature"/,
  },
  { command: "npm run costs", shows: (output) => expectOnPage("docs/scale.md", output) },
  {
    command: "npm run bench:dead-host",
    plus: "-- --runs 1000",
    shows: (output) => expectOnPage("docs/scale.md", output),
  },
  {
    command: "npm run scale",
    plus: "-- --runs 10000 --users 1000000 --days 30 --seed 1",
    shows: (output) => {
      for (const line of readLines("docs/scale.md", DAY_OR_NEEDS)) expect(output).toContain(line);
    },
  },
  {
    command: "npm run bench:gate",
    plus: "-- --ended 1000 --open 100 --rounds 1",
    shows:
      /^\| a poll that finds it waiting: take, report \| 4 \| 4 \| 0 \| 0 \| [\d.]+ \([\d.]+–[\d.]+\) \|$/m,
  },
  {
    command: "npm run bench:growth",
    plus: "-- --rows 1000",
    shows: /^\| 1,000 \| 1\d{3} \| \d+ \| \d+ \| 1\d{3} \|$/m,
  },
  {
    command: "npm run format",
    shows: (_, { checkout }) => expectSame(checkout, "scripts/token.ts"),
  },
  { command: "npm run audit", shows: /found 0 vulnerabilities/ },
];
export const TOOL_SCENES: Record<string, readonly Played[]> = {
  "what takes longest: screenshots": [
    {
      command: "npm run screenshots",
      plus: "-- --rounds 2 --variants light",
      shows: async (_, { checkout }) => {
        for (const file of ["docs/console.png", "dist/screenshots/run-light.png"])
          expect((await readFile(join(checkout, file))).subarray(1, 4).toString()).toBe("PNG");
      },
    },
  ],
  "the time to a receiver": [
    {
      command: "npm run bench:completion",
      plus: "-- --runs 20 --at-once 2",
      shows: (output) => {
        const [, ...times] =
          /^\| 20 \| 2 \| ([\d.]+) ms \| ([\d.]+) ms \| ([\d.]+) ms \|$/m.exec(output) ?? [];
        expect(times, output).toHaveLength(3);
        expect(times.map(Number)).toEqual(times.map(Number).toSorted((a, b) => a - b));
      },
    },
  ],
  "some tests": [
    { command: "npm run test:unit -- test/gate/window…", shows: ONLY_RAN_WINDOW },
    { command: "npm test -- test/gate/window.test.ts", shows: ONLY_RAN_WINDOW },
  ],
  "the bench": [{ command: "bench/setup.sh", shows: expectSetup }],
  "the profile": [
    {
      command: "npm run bench:profile -- --seconds 10 …",
      plus: "--seconds 1",
      shows: /^\d+ requests; microseconds a request$/m,
    },
  ],
  load: [
    {
      command: "npm run load -- --seconds 600",
      plus: "--seconds 1 --users 10 --connections 2",
      shows: /\d+ requests of \d+ users; memory/,
    },
  ],
  tools: TOOLS,
};

function expectSame(checkout: string, file: string): void {
  const [ours, theirs] = [PROJECT, checkout].map((root) => readFileSync(join(root, file), "utf8"));
  expect(theirs, file).toBe(ours);
}

/** Every line that a command prints of its figures stands on the page. */
function expectOnPage(page: string, output: string): void {
  const lines = output.split("\n").filter((line) => line.startsWith("|"));
  expect(lines.length).toBeGreaterThan(3);
  expect(readLines(page, /^\|/)).toEqual(expect.arrayContaining(lines));
}

/** It has asked the system for what the pages say, and has npm's packages. */
async function expectSetup(_output: string, { checkout, folder: home }: Scene): Promise<void> {
  expect(readLines("docs/performance.md", /^bench\/setup\.sh/)).toEqual([
    expect.stringContaining("wrk, redis-server, and bench/package.json's packages"),
  ]);
  expect(await readFile(join(home, "apt-get"), "utf8")).toBe(
    "update\ninstall --yes --no-install-recommends wrk redis-server\n",
  );
  const { dependencies } = JSON.parse(await readFile(join(checkout, "bench/package.json"), "utf8"));
  const installed = await readdir(join(checkout, "bench/node_modules"));
  expect(installed).toEqual(expect.arrayContaining(Object.keys(dependencies)));
}
