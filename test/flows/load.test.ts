// More than the gateway takes on: it says so at once, serves those that it let in, and takes the rest when they come
// again. Nothing is charged, counted or started for a refusal.
import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, Caller, ECHO } from "./support/caller.ts";
import { type GatewayProcess, startProcess, until } from "./support/process.ts";
import { Upstream } from "./support/upstream.ts";

const MAX_IN_FLIGHT = 20;
/** A refusal waits for nothing; the rest is a busy machine's. */
const AT_ONCE_MS = 5_000;
const MEGABYTE = 1024 * 1024;

let upstream: Upstream;
let gateway: GatewayProcess;
beforeAll(async () => {
  upstream = await Upstream.listen();
  const args = [
    `UPSTREAM_URL:${upstream.url}`,
    `MAX_IN_FLIGHT:${MAX_IN_FLIGHT}`,
    "UPSTREAM_TIMEOUT_MS:60000",
  ];
  gateway = await startProcess({ args: args.flatMap((each) => ["--var", each]) });
  return async () => {
    await gateway.close();
    upstream.close();
  };
});

describe("beyond what an isolate carries", () => {
  it("a start is refused at once, and served when it comes again", async () => {
    const callers = await Promise.all(Array.from({ length: 60 }, newCaller));
    const hold = Promise.withResolvers<void>();
    upstream.beforeAnswer = () => hold.promise;
    const refused: Answer[] = [];
    const starts = callers.map(async (caller) => {
      const answer = await start(caller, {});
      if (answer.status === 503) refused.push(answer);
      return answer;
    });
    await until("the refusals", 60_000, () => refused.length === 60 - MAX_IN_FLIGHT);
    await until("the others' starts", 60_000, () => upstream.runs.size === MAX_IN_FLIGHT);
    for (const { headers, ms } of refused) {
      expect(headers.get("retry-after")).toBe("1");
      expect(ms).toBeLessThan(AT_ONCE_MS);
    }
    hold.resolve();
    const statuses = (await Promise.all(starts)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(MAX_IN_FLIGHT);

    const again = await Promise.all(callers.slice(0, MAX_IN_FLIGHT).map((caller) => start(caller, {})));
    expect(again.map(({ status }) => status)).toEqual(Array(MAX_IN_FLIGHT).fill(202));
  });

  it("large bodies take turns, and a small request beside them is served", async () => {
    upstream.beforeAnswer = () => undefined;
    const before = upstream.runs.size;
    const [small, ...large] = await Promise.all(Array.from({ length: 9 }, newCaller));
    const blob = "x".repeat(5 * MEGABYTE);
    const served = Promise.all(large.map((caller) => untilServed(() => start(caller, { inputs: { blob } }))));
    await untilServed(() => start(small ?? expect.fail(), {}));
    await served;
    expect(upstream.runs.size - before).toBe(9);
  });
});

/** Without a limit of its own: its answers carry no rate-limit headers, refused or not. */
function newCaller(): Promise<Caller> {
  return Caller.of(gateway.url, undefined, { rate_limit: { exempt: true } });
}

function start(caller: Caller, data: object): Promise<Answer> {
  return caller.start(ECHO, data, { rateLimit: "off" });
}

async function untilServed(ask: () => Promise<Answer>): Promise<void> {
  await until("a 202", 60_000, async () => {
    const { status } = await ask();
    expect([202, 503]).toContain(status);
    return status === 202;
  });
}
