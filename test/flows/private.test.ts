// Promise 6: nothing private is reachable. Two servers on this machine: the upstream, and a trap that must stay untouched.
// What a callback_url may be: conformance, and test/security/callback-targets.test.ts.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";
import { expectContract } from "../support/contract.ts";
import { actionId, Caller } from "./support/caller.ts";
import { LocalServer } from "./support/local-server.ts";
import { forFile, gatewayWith } from "./support/opened.ts";

const ELSEWHERE = actionId("9999");

let trapped = 0;
const asked: string[] = [];
const trapServer = await forFile(LocalServer.listen((_request, response) => response.end("private")));
trapServer.server.on("connection", () => (trapped += 1));
const trap = `127.0.0.1:${trapServer.port}`;
/** Accepts every request, but for one action: that one, it says, is at the trap. */
const upstream = await forFile(
  LocalServer.listen(({ url = "" }, response) => {
    asked.push(url);
    if (url.includes(ELSEWHERE)) response.writeHead(307, { location: `${trapServer.url}/` }).end();
    else response.writeHead(202).end(JSON.stringify({ data: { type: "run", id: randomUUID() } }));
  }),
);
const gateway = await forFile(gatewayWith({ UPSTREAM_URL: upstream.url }));
const caller = await Caller.of(gateway.url);

afterEach(() => {
  expect(trapped).toBe(0);
  expect(asked.filter((path) => !path.startsWith("/actions/v1/"))).toEqual([]);
});

it("an upstream that redirects leads nowhere", async () => {
  const stored = `/actions/v1/stored-actions/${ELSEWHERE}`;
  const answers = [
    await caller.start(ELSEWHERE, {}),
    await caller.read(ELSEWHERE, randomUUID()),
    await caller.call(stored),
    await caller.send("PUT", stored, "{}"),
  ];
  expect(answers.map(({ status }) => status)).toEqual([500, 500, 500, 500]);
  for (const { headers, text: body } of answers) {
    expect(headers.get("location")).toBe(null);
    expect(body).not.toContain(trap);
  }
});

it.each([
  ["/actions/v1/../../internal", 404],
  ["/actions/v1/%2e%2e/%2e%2e/internal", 404],
  ["/actions/v1/..%2f..%2finternal", 404],
  ["/actions/v1/..%5c..%5cinternal", 404],
  ["/actions//TRAP/", 404],
  ["//TRAP/actions/v1/stored-actions", 404],
  ["/actions/v1/stored-actions/@TRAP/", 202],
  ["http://TRAP/actions/v1/stored-actions", 202],
])("the path %s leads to nothing but the upstream", async (path, status) => {
  expect(await send(path.replace("TRAP", trap), {})).toBe(status);
});

it.each(["host", "x-forwarded-host", "forwarded", "x-original-url", "x-forwarded-proto"])(
  "the header %s changes nothing about where a request goes",
  async (name) => {
    const before = asked.length;
    const value = name === "forwarded" ? `host=${trap}` : trap;
    expect(await send("/actions/v1/stored-actions", { [name]: value })).toBe(202);
    expect(asked.slice(before)).toEqual(["/actions/v1/stored-actions"]);
  },
);

/** Sends a GET with a path and headers that fetch would not let through, and answers with its status. */
async function send(path: string, headers: Record<string, string>): Promise<number> {
  const { hostname, port } = new URL(gateway.url);
  const authorization = `Bearer ${caller.token}`;
  const sent = request({ hostname, port, path, headers: { ...headers, authorization } }).end();
  const [response] = await once(sent, "response");
  const { statusCode: status } = response;
  expectContract(
    { method: "GET", path },
    { status, headers: new Headers(response.headers), bodyText: await text(response) },
  );
  return status;
}
