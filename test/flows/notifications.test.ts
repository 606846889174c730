// What breaks reaches the operators' webhook, signed: a host that is down and back, and an upstream that is killed.
import { importJWK } from "jose";
import { afterAll, expect, it } from "vitest";
import { holdsV1a } from "../../examples/node-standard-webhooks/verify-v1a.mjs";
import { endedRun } from "./support/callback-runs.ts";
import { atOnce, Caller, ECHO } from "./support/caller.ts";
import { freePort } from "./support/environment.ts";
import { forFile, gatewayWith } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { publishedKeys } from "./support/proof.ts";
import { type Delivery, Receiver } from "./support/receiver.ts";
import { SocketServer } from "./support/socket-server.ts";
import { Upstream } from "./support/upstream.ts";

const WITHIN_MS = 60_000;
/** Three failures of each of four users are twelve attempts, none of which found the host. */
const USERS = 4;
const RUNS_OF_ONE = 3;

const operators = await forFile(Receiver.listen((_, earlier) => (earlier === 0 ? 503 : 204)));
const receiver = await forFile(Receiver.listen());
const upstream = await forFile(Upstream.listen());
/** Nothing listens there until a test wants it. */
const host = new SocketServer(await freePort());
const toUpstream = new SocketServer(await freePort());
await toUpstream.through(upstream.port);
afterAll(() => Promise.all([host.close(), toUpstream.close()]));
const gateway = await forFile(
  gatewayWith({
    UPSTREAM_URL: `http://127.0.0.1:${toUpstream.port}`,
    OPERATOR_WEBHOOK_URL: operators.urlAt("/operators"),
    CALLBACK_RETRY_SCHEDULE: "1,1,1",
    RATE_LIMIT_DEFAULT: 100_000,
  }),
);
const callbackUrl = `http://127.0.0.1:${host.port}/hook?token=secret`;

it("a host that is down is reported within a minute, and again when it is back; a message that failed comes again", async () => {
  await Promise.all(
    Array.from({ length: USERS }, async () => {
      const caller = await Caller.of(gateway.url);
      await atOnce(RUNS_OF_ONE, () => endedRun({ caller, upstream }, callbackUrl));
    }),
  );
  const name = `127.0.0.1:${host.port}`;
  const down = await untilReported("host.down");
  expect(down.text).toMatch(
    new RegExp(`^${name} has been down since 2\\d{3}-.* UTC: no callback reaches it`),
  );
  expect(down.data).toEqual({
    host: name,
    since: expect.any(String),
    outages: 1,
    console: `${gateway.url}/console/destinations`,
  });
  await until("the second attempt", WITHIN_MS, () => operators.deliveries.length > 1);
  const [first, second] = operators.deliveries;
  expect(second?.headers.get("webhook-id")).toBe(first?.headers.get("webhook-id"));
  expect(second?.body).toEqual(first?.body);

  await host.through(receiver.port);
  await untilReported("host.up", async () => {
    const newcomer = await Caller.of(gateway.url);
    await endedRun({ caller: newcomer, upstream }, callbackUrl);
  });
});

it("an upstream that is killed is reported, and again when it answers", async () => {
  const caller = await Caller.of(gateway.url);
  const start = () => atOnce(5, () => caller.start(ECHO, {}));
  await toUpstream.treat(null);
  const down = await untilReported("upstream.down", start);
  expect(down.text).toMatch(/^The upstream has been failing since .*: \d+ of \d+ starts and reads/);
  await toUpstream.through(upstream.port);
  await untilReported("upstream.up", start);
});

it("nothing that was reported has a token or the path of a callback in it", () => {
  const all = operators.deliveries.map(({ body }) => body.toString()).join();
  expect(all).not.toMatch(/hook|token|secret|eyJ/);
});

type Message = { type: string; timestamp: string; text: string; data: Record<string, unknown> };

/** The first message of this type, whose signature holds. Meanwhile the work is done again and again. */
async function untilReported(
  type: string,
  work: () => Promise<unknown> = async () => undefined,
): Promise<Message> {
  const isReported = ({ body }: Delivery) => JSON.parse(body.toString()).type === type;
  await until(type, 2 * WITHIN_MS, async () => {
    await work();
    return operators.deliveries.filter(isReported).length > 0;
  });
  for (const delivery of operators.deliveries.filter(isReported)) expect(await isSigned(delivery)).toBe(true);
  const message: Message = JSON.parse(operators.deliveries.find(isReported)?.body.toString() ?? "");
  expect(Math.abs(Date.now() - Date.parse(message.timestamp))).toBeLessThan(WITHIN_MS);
  return message;
}

async function isSigned({ headers, body }: Delivery): Promise<boolean> {
  expect(headers.get("webhook-id")).toMatch(/^evt_[\w-]{36}$/);
  const { keys } = await publishedKeys(gateway.url);
  const verified = await Promise.all(
    keys.map(async (jwk) => {
      const key = await importJWK(jwk, "EdDSA");
      return key instanceof CryptoKey && holdsV1a(Object.fromEntries(headers), body, key);
    }),
  );
  return verified.includes(true);
}
