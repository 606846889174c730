// SECURITY-CASES, Tokens: an issuer whose keys cannot be had, or change.
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { never } from "../support/bindings.ts";
import { HOUR, MINUTE, moveClock, SECOND, stopClock } from "../support/clock.ts";
import { until } from "../support/gate.ts";
import { type Answer, type Call, type Gateway, makeGateway } from "../support/gateway.ts";
import { answerKeysWith } from "../support/issuer-network.ts";
import { makeIssuer, type TestIssuer } from "../support/tokens.ts";
import { itAddsUp, newUser, remainingOf } from "./bench.ts";

type User = { sub: string };

const counts = { refused: 0, served: 0 };
let issuer: TestIssuer;

beforeAll(async () => {
  ({ issuer } = await makeGateway());
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const now = () => Math.floor(Date.now() / 1000);

/** What an issuer's key server may answer in place of keys. */
const OUTAGES: [string, () => Response][] = [
  ["404", () => new Response(null, { status: 404 })],
  ["500", () => new Response("no", { status: 500 })],
  ["HTML", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
  ["five megabytes", () => new Response(" ".repeat(5_000_000))],
  ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://evil.example/" } })],
  ["an empty set", () => Response.json({ keys: [] })],
  [
    "no connection",
    () => {
      throw new TypeError("Network connection lost.");
    },
  ],
];

describe("an issuer whose keys cannot be had", () => {
  it.each(OUTAGES)("%s: 503, and the other issuer's users do not notice", async (_name, respond) => {
    const remote = await remoteIssuer();
    const down = await makeGateway({}, undefined, { issuer, moreIssuers: [remote] });
    const asked = answerKeysWith(respond);
    const user = newUser();
    await expectKeysUnavailable(down, await down.start({}, startBy(user, remote)), user);
    expect(asked).toEqual([`https://keys.example/${remote.issuer.slice(-36)}`]);
    expect(down.upstream.asked).toHaveLength(1);
  });

  it("silence: 503 after five seconds, and the other issuer's users do not notice", async () => {
    const remote = await remoteIssuer();
    const down = await makeGateway({}, undefined, { issuer, moreIssuers: [remote] });
    const asked = answerKeysWith(never);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const user = newUser();
    const answer = down.start({}, startBy(user, remote));
    await until(() => asked.length === 1);
    await vi.advanceTimersByTimeAsync(5000);
    const refusal = await answer;
    vi.useRealTimers();
    await expectKeysUnavailable(down, refusal, user);
  });

  it.each(OUTAGES)(
    "%s: with warm keys it is served for 24 hours, and again once it is back",
    async (_name, respond) => {
      const remote = await remoteIssuer();
      const down = await makeGateway({}, undefined, { issuer, moreIssuers: [remote] });
      const user = newUser();
      stopClock();
      const asked = answerKeysWith(() => Response.json(remote.jwks));
      const startedBy = async () => (await down.start({}, { claims: user, issuer: remote })).status;
      expect(await startedBy()).toBe(202);
      vi.restoreAllMocks();
      answerKeysWith(respond);
      for (const hours of [1, 12, 11]) {
        moveClock(hours * HOUR);
        expect(await startedBy()).toBe(202);
        counts.served += 1;
      }
      moveClock(MINUTE);
      await expectKeysUnavailable(down, await down.start({}, startBy(user, remote)), user);
      vi.restoreAllMocks();
      answerKeysWith(() => Response.json(remote.jwks));
      moveClock(30 * SECOND);
      expect(await startedBy()).toBe(202);
      expect(asked).toHaveLength(1);
      counts.served += 1;
    },
  );

  it.each([
    ["before the end of", 29_999, 401],
    ["at the end of", 30_000, 202],
    ["after", 45_000, 202],
  ])("that changes its key is followed %s the cool-down as that allows", async (_name, elapsedMs, status) => {
    const remote = await remoteIssuer();
    const rotating = await makeGateway({}, undefined, { issuer, moreIssuers: [remote] });
    const user = newUser();
    stopClock();
    const asked = answerKeysWith(() => Response.json(remote.jwks));
    const old = await remote.token({ ...user, exp: now() + 3600 });
    expect((await rotating.start({}, { claims: user, issuer: remote })).status).toBe(202);
    await remote.rotate();
    moveClock(elapsedMs);
    const rotated = await rotating.start({}, startBy(user, remote, status === 202 ? "any" : "off"));
    expect([rotated.status, asked.length]).toEqual([status, status === 202 ? 2 : 1]);
    // The former key ends where the new one is known.
    const headers = { authorization: `Bearer ${old}` };
    const former = await rotating.start({}, { claims: null, headers, circumstances: { rateLimit: "any" } });
    expect(former.status).toBe(status === 202 ? 401 : 202);
    counts.refused += 1;
    counts.served += 1;
  });

  it("with warm keys is served on, but not for tokens of keys that are not known", async () => {
    const remote = await remoteIssuer();
    const shared = await makeGateway({}, undefined, { issuer, moreIssuers: [remote] });
    const asked = answerKeysWith(() => Response.json(remote.jwks));
    const user = newUser();
    const first = await shared.start({}, { claims: user, issuer: remote });
    expect([first.status, remainingOf(first)]).toEqual([202, 199]);

    vi.restoreAllMocks();
    answerKeysWith(() => new Response(null, { status: 500 }));
    const second = await shared.start({}, { claims: user, issuer: remote });
    expect([second.status, remainingOf(second)]).toEqual([202, 198]);
    const headers = { authorization: `Bearer ${await remote.token(user, { header: { kid: "new" } })}` };
    const answer = await shared.start({}, { claims: null, headers, circumstances: { rateLimit: "off" } });
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer error="invalid_token"',
    ]);
    expect(asked).toHaveLength(1);
    counts.refused += 1;
    counts.served += 2;
  });
});

itAddsUp(counts, { refused: 19, served: 48 });

function startBy(claims: User, by: TestIssuer, rateLimit: "any" | "off" = "off"): Call {
  return { claims, issuer: by, circumstances: { rateLimit } };
}

/** And nothing is said of why; the same subject of another issuer is served. */
async function expectKeysUnavailable(down: Gateway, answer: Answer, user: User): Promise<void> {
  expect([answer.status, answer.body.errors[0].code]).toEqual([503, "service_unavaiable"]);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(answer.text).not.toContain("keys.example");
  counts.refused += 1;
  expect(remainingOf(await down.start({}, { claims: user }))).toBe(199);
  counts.served += 1;
}

/** Issuers are cached by their settings, so each test has one of its own. */
function remoteIssuer(): Promise<TestIssuer> {
  const id = crypto.randomUUID();
  return makeIssuer(`https://remote.example/${id}`, { jwksUri: `https://keys.example/${id}` });
}
