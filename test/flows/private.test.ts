// Promise 6: nothing private is reachable. Two servers on this machine: the upstream, and a trap that must stay untouched.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { DEV_AUDIENCE, DEV_ISSUER, issuerKey } from "../../scripts/dev-keys.ts";
import { expectContract } from "../support/contract.ts";
import { words } from "../support/words.ts";
import { actionId, Caller, ECHO, parseErrors } from "./support/caller.ts";
import { listening, portOf } from "./support/environment.ts";
import { startProcess } from "./support/process.ts";

const ELSEWHERE = actionId("9999");

describe("no caller makes the edge talk to anything but the upstream", () => {
  let caller: Caller;
  let trap: string;
  const asked: string[] = [];
  /** Not the polls of the run that was accepted. */
  const starts = () => asked.filter((path) => path.endsWith("/run"));
  let trapped = 0;

  beforeAll(async () => {
    const trapServer = await listening(createServer((_request, response) => response.end("private")));
    trapServer.on("connection", () => (trapped += 1));
    trap = `127.0.0.1:${portOf(trapServer)}`;
    const upstream = await listening(upstreamThatRedirects(asked, `http://${trap}/`));
    const settings = [
      `UPSTREAM_URL:http://127.0.0.1:${portOf(upstream)}`,
      "PUBLIC_URL:http://gateway.example",
      "ALLOW_PRIVATE_CALLBACKS:false",
    ];
    const gateway = await startProcess({ args: settings.flatMap((setting) => ["--var", setting]) });
    caller = await Caller.of(gateway.url);
    return async () => {
      await gateway.close();
      for (const server of [trapServer, upstream]) server.close().closeAllConnections();
    };
  });
  afterEach(() => {
    expect(trapped).toBe(0);
    expect(asked.filter((path) => !path.startsWith("/actions/v1/"))).toEqual([]);
  });

  it("a callback to a public https host is accepted", async () => {
    const answer = await caller.start(ECHO, { callback_url: "https://hooks.example.com/run?id=1" });
    expect(answer.status).toBe(202);
  });

  it.each(words`
    http://hooks.example.com/ https://TRAP/ https://localhost:TRAP_PORT/ https://LOCALHOST./ https://127.1/
    https://0x7f.1/ https://2130706433/ https://[::1]/ https://[::ffff:127.0.0.1]/
    https://[64:ff9b::7f00:1]/ https://10.0.0.1/ https://169.254.169.254/latest/meta-data/
    https://db-17.internal/ https://user:password@hooks.example.com/ https://gateway.example/completions/x
    https://GATEWAY.example.:8443/ file:///etc/passwd`)("a callback to %s is refused", async (url) => {
    const target = url.replace("TRAP_PORT", trap.split(":")[1] ?? "").replace("TRAP", trap);
    const before = starts();
    const refused = await caller.start(ECHO, { callback_url: target });
    expect(refused.status).toBe(400);
    expect(parseErrors(refused)).toMatchObject([
      { code: "bad_request", source: { pointer: "/data/callback_url" } },
    ]);
    expect(starts()).toEqual(before);
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

  it("a token that says where its key is, is refused unread", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    const { kid = "" } = await issuerKey();
    const url = `http://${trap}/keys`;
    const claims = { iss: DEV_ISSUER, aud: DEV_AUDIENCE, sub: "mallory", scope: "external" };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid, jku: url, x5u: url })
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey);
    expect((await new Caller(caller.origin, token).start(ECHO, {})).status).toBe(401);
  });

  /** Sends a GET with a path and headers that fetch would not let through, and answers with its status. */
  async function send(path: string, headers: Record<string, string>): Promise<number> {
    const { hostname, port } = new URL(caller.origin);
    const authorization = `Bearer ${caller.token}`;
    const sent = request({ hostname, port, path, headers: { ...headers, authorization } }).end();
    const [response] = await once(sent, "response");
    const answered = {
      status: response.statusCode,
      headers: new Headers(response.headers),
      bodyText: await text(response),
    };
    expectContract({ method: "GET", path }, answered);
    return answered.status;
  }
});

/** Accepts every request, but for one action: that one, it says, is at `location`. */
function upstreamThatRedirects(asked: string[], location: string): Server {
  return createServer((received, response) => {
    const path = received.url ?? "";
    asked.push(path);
    if (path.includes(ELSEWHERE)) response.writeHead(307, { location }).end();
    else response.writeHead(202).end(JSON.stringify({ data: { type: "run", id: randomUUID() } }));
  });
}
