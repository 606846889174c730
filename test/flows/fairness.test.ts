// One user does the worst that one user can, in each way in turn, and another one's starts and callbacks go on.
// FAIRNESS_SECONDS=60 makes each way last as long. The percentiles are printed (`--silent=false`): the middle ones are compared,
// because the slowest of a few hundred belong to whatever else the machine does.
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { endRun, startedRun } from "./support/callback-runs.ts";
import { atOnce, Caller, ECHO, toRunId } from "./support/caller.ts";
import { forFile, gatewayWith } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { Upstream } from "./support/upstream.ts";

const ROUNDS = 4;
const LASTS_MS = 1000 * Number(process.env["FAIRNESS_SECONDS"] ?? 4);
const RUN_PATH = `/actions/v1/stored-actions/${ECHO}/run`;
/** More than a user's half of MAX_IN_FLIGHT, which is 100 here. */
const SOCKETS = 80;
const EXEMPT = { rate_limit: { exempt: true } };

const upstream = await forFile(Upstream.listen());
const receiver = await forFile(Receiver.listen());
const gateway = await forFile(
  gatewayWith({ UPSTREAM_URL: upstream.url, UPSTREAM_TIMEOUT_MS: 10_000, MAX_IN_FLIGHT: 100 }),
);
const { hostname, port } = new URL(gateway.url);
const victim = await Caller.of(gateway.url, undefined, EXEMPT);
const attacker = await Caller.of(gateway.url);
const limited = await Caller.of(gateway.url, undefined, { rate_limit: { limit_override: 1 } });
/** A user with places in its window, whatever the other ways have cost. */
const another = await Caller.of(gateway.url);
const ownRun = toRunId(await attacker.start(ECHO, {}));
const bearer = `authorization: Bearer ${attacker.token}`;
const JSON_TYPE = "content-type: application/json";

upstream.beforeAnswer = (run) => (run.inputs === "slow" ? sleep(5_000) : undefined);

/** Each goes on until `isOver`. */
const WAYS: [what: string, attack: (isOver: () => boolean) => Promise<unknown>][] = [
  [
    "bodies that are announced and do not come",
    (isOver) =>
      crowd(isOver, [`POST ${RUN_PATH} HTTP/1.1`, bearer, JSON_TYPE, "content-length: 6291456"], "{"),
  ],
  [
    "sign-ins that do not end",
    (isOver) =>
      crowd(
        isOver,
        [
          "POST /console/sign-in HTTP/1.1",
          `origin: ${gateway.url}`,
          "content-type: application/x-www-form-urlencoded",
          "content-length: 60000",
        ],
        "t",
      ),
  ],
  [
    "held reads whose caller hangs up",
    async (isOver) => {
      const path = `/actions/v1/stored-actions/${ECHO}/runs/${ownRun}?wait_seconds=30`;
      await hold(isOver, [`GET ${path} HTTP/1.1`, bearer], "", 200);
    },
  ],
  [
    "duplicates that wait for one id",
    (isOver) => {
      const body = JSON.stringify({ data: { idempotency_id: crypto.randomUUID(), inputs: "slow" } });
      return hold(
        isOver,
        [
          `POST ${RUN_PATH} HTTP/1.1`,
          `authorization: Bearer ${another.token}`,
          JSON_TYPE,
          `content-length: ${body.length}`,
        ],
        body,
        2_000,
      );
    },
  ],
  [
    "large bodies beyond the limit",
    async (isOver) => {
      const body = `{"data":{"inputs":[${"{},".repeat(600_000)}{}]}}`;
      await limited.start(ECHO, {});
      while (!isOver()) {
        expect((await limited.send("POST", RUN_PATH, body)).status).toBe(429);
        await sleep(100);
      }
    },
  ],
  [
    "replays of large bodies",
    async (isOver) => {
      const data = `"idempotency_id":"${crypto.randomUUID()}","inputs":[${"{},".repeat(600_000)}{}]`;
      const body = `{"data":{${data}}}`;
      while (!isOver()) {
        expect((await another.send("POST", RUN_PATH, body)).status).toBe(202);
        await sleep(100);
      }
    },
  ],
];

/** What the victim's starts took, in ms; each was a 202. */
async function starts(lastsMs: number): Promise<number[]> {
  const took: number[] = [];
  for (const endMs = performance.now() + lastsMs; performance.now() < endMs; await sleep(10)) {
    const begunAtMs = performance.now();
    const { status, text } = await victim.start(ECHO, {}, { rateLimit: "off" });
    expect([status, text]).toEqual([202, expect.any(String)]);
    took.push(performance.now() - begunAtMs);
  }
  return took;
}

it("another user's starts are all served, and its callbacks go out", async () => {
  await starts(1_000);
  for (const [what, attack] of WAYS) {
    const without: number[] = [];
    const during: number[] = [];
    // In turn, so that whatever else the machine does meets both alike.
    for (let round = 0; round < ROUNDS; round += 1) {
      without.push(...(await starts(LASTS_MS / ROUNDS)));
      let isOver = false;
      const attacking = attack(() => isOver);
      await sleep(500);
      during.push(...(await starts(LASTS_MS / ROUNDS)));
      if (round === ROUNDS - 1) await expectCallback();
      isOver = true;
      await attacking;
    }
    const percentiles = [during, without].map((took) => `${at(took, 0.5)} / ${at(took, 0.99)}`);
    console.log(`${what}: starts took ${percentiles.join(" ms, without ")} ms (p50 / p99)`);
    expect(at(during, 0.5)).toBeLessThanOrEqual(2 * at(without, 0.5));
  }
}, 900_000);

async function expectCallback(): Promise<void> {
  const path = "/victim";
  const before = receiver.at(path).length;
  const parties = { caller: victim, upstream };
  const run = await startedRun(parties, { callback_url: receiver.urlAt(path) }, { rateLimit: "off" });
  await endRun(upstream, run);
  await until("the callback", 15_000, () => receiver.at(path).length > before);
}

/** Sockets that send a byte a second, each in place of one that was cut off. */
async function crowd(isOver: () => boolean, head: string[], piece: string): Promise<void> {
  await atOnce(SOCKETS, async () => {
    while (!isOver()) {
      const socket = await open(head);
      while (!isOver() && socket.writable) {
        socket.write(piece);
        await sleep(1_000);
      }
      socket.destroy();
    }
  });
}

/** Whole requests whose callers hang up after so long. */
async function hold(isOver: () => boolean, head: string[], body: string, forMs: number): Promise<void> {
  await atOnce(SOCKETS, async () => {
    while (!isOver()) {
      const socket = await open(head);
      socket.write(body);
      await sleep(forMs);
      socket.destroy();
    }
  });
}

async function open(head: string[]) {
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.resume();
  socket.write(`${head.join("\r\n")}\r\nhost: ${hostname}:${port}\r\n\r\n`);
  return socket;
}

function at(values: readonly number[], share: number): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN);
}
