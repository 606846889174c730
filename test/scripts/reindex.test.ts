// npm run reindex, as its user runs it, against a gateway that answers as a real one does (test/console/reindex.test.ts).
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { listening, portOf, userEnvironment } from "../flows/support/environment.ts";
import { run } from "../flows/support/run.ts";

type Reply = { status: number; headers?: Record<string, string>; body: unknown };

const ENVIRONMENT = userEnvironment(tmpdir());
const last = { gates: 2, reindexed: 2, unreachable: 0, next_cursor: null };
const first = { gates: 40, reindexed: 39, unreachable: 0, next_cursor: "c1" };

function problem(status: number, detail: string): Reply {
  return { status, headers: { "retry-after": "1" }, body: { errors: [{ status, detail }] } };
}

/** Runs the command against a server that gives these replies in turn. */
async function reindex(replies: Reply[], args: string[] = ["--token", "T0KEN"]) {
  const asked: string[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    asked.push(`${method} ${url} ${headers.authorization}`);
    const reply = replies[asked.length - 1] ?? problem(500, "too many requests");
    response.writeHead(reply.status, reply.headers).end(JSON.stringify(reply.body));
  });
  const url = ["--url", `http://127.0.0.1:${portOf(await listening(server))}/`];
  const ended = await run("npm", ["run", "--silent", "reindex", "--", ...url, ...args], ENVIRONMENT);
  server.close();
  server.closeAllConnections();
  return { ...ended, asked };
}

it("asks page after page, and says how far it is and how many gates had to report again", async () => {
  const { code, stdout, stderr, asked } = await reindex([
    { status: 200, body: first },
    problem(503, "Not now."),
    { status: 200, body: last },
  ]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toBe("gates asked: 40, reindexed: 39\ngates asked: 42, reindexed: 41\nDone.\n");
  expect(asked).toEqual([
    "POST /console/api/reindex Bearer T0KEN",
    "POST /console/api/reindex?cursor=c1 Bearer T0KEN",
    "POST /console/api/reindex?cursor=c1 Bearer T0KEN",
  ]);
});

it("says where it stopped, and goes on from there", async () => {
  const stopped = await reindex([
    { status: 200, body: first },
    problem(401, "An operator's token is required."),
  ]);
  expect(stopped.code).toBe(1);
  expect(stopped.stderr).toBe(
    "\nThe gateway answered 401: An operator's token is required.\nTo go on from here: --cursor c1\n",
  );
  const { code, asked } = await reindex([{ status: 200, body: last }], ["--token", "new", "--cursor", "c1"]);
  expect([code, asked]).toEqual([0, ["POST /console/api/reindex?cursor=c1 Bearer new"]]);
});

it("fails when gates did not answer, and says what becomes of them", async () => {
  const { code, stderr } = await reindex([{ status: 200, body: { ...last, unreachable: 3 } }]);
  expect([code, stderr]).toEqual([
    1,
    "\nGates that did not answer: 3. They report to the index by themselves within a week; to ask them now, run it again.\n",
  ]);
});

it.each([
  [[], "--url is required"],
  [["--url", "ftp://edge.example", "--token", "T"], "--url ftp://edge.example is no http URL"],
  [["--url", "https://edge.example"], "--token is required"],
])("%j is refused: %s", async (args, message) => {
  const { code, stderr } = await run(
    process.execPath,
    ["scripts/run.mjs", "scripts/reindex.ts", ...args],
    ENVIRONMENT,
  );
  expect(code).toBe(1);
  expect(stderr.split("\n")[1]).toBe(message);
});
