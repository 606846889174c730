// docs/security.md, Tokens: an issuer whose keys cannot be had. What counts as an outage, and when an issuer is asked
// again, is told in test/auth/.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { remoteIssuer } from "../auth/key-bench.ts";
import { never } from "../support/bindings.ts";
import { HOUR, MINUTE, moveClock, SECOND, stopClock } from "../support/clock.ts";
import { until } from "../support/gate.ts";
import { type Answer, type Gateway, makeGateway } from "../support/gateway.ts";
import { answerKeysWith } from "../support/issuer-network.ts";
import type { TestIssuer } from "../support/tokens.ts";
import { expectProblem, itAddsUp, newUser, readRemaining } from "./bench.ts";

const counts = { refused: 0, served: 0 };
let remote: TestIssuer;
let gateway: Gateway;

beforeEach(async () => {
  remote = await remoteIssuer();
  gateway = await makeGateway({}, undefined, { moreIssuers: [remote] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const fail = () => new Response("no", { status: 500 });
const give = () => Response.json(remote.jwks);

describe("an issuer whose keys cannot be had", () => {
  it("fails: 503, and the other issuer's users do not notice", async () => {
    const asked = answerKeysWith(fail);
    const user = newUser();
    await expectKeysUnavailable(await startBy(user), user);
    expect(asked).toEqual([`${remote.issuer}/keys.json`]);
    expect(gateway.upstream.asked).toHaveLength(1);
  });

  it("is silent: 503 after five seconds, and the other issuer's users do not notice", async () => {
    const asked = answerKeysWith(never);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const user = newUser();
    const answer = startBy(user);
    await until(() => asked.length === 1);
    await vi.advanceTimersByTimeAsync(5000);
    const refusal = await answer;
    vi.useRealTimers();
    await expectKeysUnavailable(refusal, user);
  });

  it("is served for 24 hours with warm keys, but not with unknown ones, and again once it is back", async () => {
    const user = newUser();
    stopClock();
    const asked = answerKeysWith(give);
    expect((await startBy(user, "any")).status).toBe(202);
    vi.restoreAllMocks();
    answerKeysWith(fail);
    for (const hours of [1, 12, 11]) {
      moveClock(hours * HOUR);
      expect((await startBy(user, "any")).status).toBe(202);
      counts.served += 1;
    }
    const unknown = `Bearer ${await remote.token(user, { header: { kid: "new" } })}`;
    const call = { claims: null, headers: { authorization: unknown } };
    expectProblem(await gateway.start({}, { ...call, circumstances: { rateLimit: "off" } }), 401, null);
    moveClock(MINUTE);
    await expectKeysUnavailable(await startBy(user), user);
    vi.restoreAllMocks();
    answerKeysWith(give);
    moveClock(30 * SECOND);
    expect((await startBy(user, "any")).status).toBe(202);
    expect(asked).toHaveLength(1);
    counts.refused += 1;
    counts.served += 1;
  });
});

itAddsUp(counts, { refused: 4, served: 7 });

function startBy(claims: { sub: string }, rateLimit: "any" | "off" = "off"): Promise<Answer> {
  return gateway.start({}, { claims, issuer: remote, circumstances: { rateLimit } });
}

/** And nothing is said of why; the same subject of another issuer is served. */
async function expectKeysUnavailable(answer: Answer, user: { sub: string }): Promise<void> {
  expectProblem(answer, 503, null);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(answer.text).not.toContain("keys.json");
  counts.refused += 1;
  expect(readRemaining(await gateway.start({}, { claims: user }))).toBe(199);
  counts.served += 1;
}
