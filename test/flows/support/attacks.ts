// The worst that one user can do, as a thread of its own: it shares nothing with the one that measures. It goes on until
// it is terminated; an answer that it does not expect ends it with an error.
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, Worker, workerData } from "node:worker_threads";

const ATTACKS = {
  "bodies that are announced and do not come": (aim) =>
    crowd(aim, [...runHead(aim), "content-length: 6291456"], "{"),
  "bodies in chunks of one byte": (aim) => stream(aim, "1\r\n \r\n".repeat(5_000)),
  "sign-ins that do not end": (aim) =>
    crowd(
      aim,
      [
        "POST /console/sign-in HTTP/1.1",
        `origin: ${aim.url}`,
        "content-type: application/x-www-form-urlencoded",
        "content-length: 60000",
      ],
      "t",
    ),
  "held reads whose caller hangs up": (aim) =>
    hold(
      aim,
      [`GET ${aim.path}/runs/${aim.runId}?wait_seconds=30 HTTP/1.1`, `authorization: Bearer ${aim.token}`],
      "",
      200,
    ),
  "duplicates that wait for one id": (aim) => {
    const body = JSON.stringify({ data: { idempotency_id: crypto.randomUUID(), inputs: "slow" } });
    return hold(aim, [...runHead(aim), `content-length: ${body.length}`], body, 2_000);
  },
  "large bodies beyond the limit": (aim) => repeat({ ...aim, token: aim.limitedToken }, {}, 429),
  "replays of large bodies": (aim) => repeat(aim, { idempotency_id: crypto.randomUUID() }, 202),
} satisfies Record<string, (aim: Aim) => Promise<unknown>>;

/** `path`: of the action. `limitedToken`: of a user whose window is used up. */
export type Aim = { url: string; path: string; token: string; runId: string; limitedToken: string };
export type AttackName = keyof typeof ATTACKS;

export const ATTACK_NAMES = Object.keys(ATTACKS) as AttackName[];

/** More than a user's half of MAX_IN_FLIGHT, where that is 100. */
const SOCKETS = 80;

export class Attack {
  readonly #worker: Worker;
  #failure: Error | null = null;

  constructor(name: AttackName, aim: Aim) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { name, aim } });
    this.#worker.on("error", (error: Error) => {
      this.#failure = error;
    });
  }

  /** Throws what ended it before. */
  async end(): Promise<void> {
    await this.#worker.terminate();
    if (this.#failure !== null) throw this.#failure;
  }
}

if (!isMainThread && isOrder(workerData)) await ATTACKS[workerData.name](workerData.aim);

function isOrder(data: unknown): data is { name: AttackName; aim: Aim } {
  return typeof data === "object" && data !== null && "aim" in data;
}

function runHead({ path, token }: Aim): string[] {
  return [`POST ${path}/run HTTP/1.1`, `authorization: Bearer ${token}`, "content-type: application/json"];
}

async function repeat({ url, path, token }: Aim, member: object, expected: number): Promise<never> {
  const inputs = `[${"{},".repeat(600_000)}{}]`;
  const body = JSON.stringify({ data: { ...member, inputs: 0 } }).replace('"inputs":0', `"inputs":${inputs}`);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  for (;;) {
    const response = await fetch(`${url}${path}/run`, { method: "POST", headers, body });
    assert.equal(response.status, expected, await response.text());
    await sleep(100);
  }
}

/** Sockets that send a byte a second, each in place of one that was cut off. */
function crowd(aim: Aim, head: string[], piece: string): Promise<never[]> {
  return onSockets(async () => {
    const socket = await open(aim, head);
    while (socket.writable) {
      socket.write(piece);
      await sleep(1_000);
    }
  });
}

/** Bodies that come as fast as they are taken, and have no end. */
function stream(aim: Aim, pieces: string): Promise<never[]> {
  return onSockets(async () => {
    const socket = await open(aim, [...runHead(aim), "transfer-encoding: chunked"]);
    while (socket.writable) {
      socket.write(pieces);
      await sleep(1_000);
    }
  });
}

/** Whole requests whose callers hang up after so long. */
function hold(aim: Aim, head: string[], body: string, forMs: number): Promise<never[]> {
  return onSockets(async () => {
    const socket = await open(aim, head);
    socket.write(body);
    await sleep(forMs);
    socket.destroy();
  });
}

function onSockets(attack: () => Promise<void>): Promise<never[]> {
  return Promise.all(
    Array.from({ length: SOCKETS }, async () => {
      for (;;) await attack();
    }),
  );
}

async function open({ url }: Aim, head: string[]) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.resume();
  socket.write(`${head.join("\r\n")}\r\nhost: ${hostname}:${port}\r\n\r\n`);
  return socket;
}
