// What fails, and what then: an issuer. Its known keys serve on for 24 hours, in a gateway that holds them and in a
// fresh one that only finds the copy in KV.
import { createServer } from "node:http";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { DEV_AUDIENCE, issuerKey } from "../../scripts/dev-keys.ts";
import { Caller, ECHO, errorsOf } from "./support/caller.ts";
import { listening, portOf } from "./support/environment.ts";
import { FaultyGateway } from "./support/faults.ts";
import { Upstream } from "./support/upstream.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Longer than the pause between two questions to an issuer. */
const COOL_DOWN_MS = 31 * SECOND;
/** Longer than anybody waits for a copy. */
const PATIENCE_MS = 3 * SECOND;
/** Of any test below: its issuers are its own, and so are their keys in memory and in KV. */
const ISSUERS = ["known", "copied", "uncopied", "hanging"] as const;

let gateway: FaultyGateway;
/** All issuers are. */
let isDown = false;
beforeAll(async () => {
  const { d: _private, ...publicKey } = await issuerKey();
  const keys = JSON.stringify({ keys: [publicKey] });
  const keyServer = createServer(({ socket }, response) => {
    if (isDown) socket.destroy();
    else response.writeHead(200, { "content-type": "application/json" }).end(keys);
  });
  await listening(keyServer);
  const upstream = await Upstream.listen();
  const entries = ISSUERS.map((name) => ({
    issuer: issuerOf(name),
    audience: DEV_AUDIENCE,
    algorithms: [publicKey.alg],
    jwks_uri: `http://127.0.0.1:${portOf(keyServer)}/${name}`,
  }));
  gateway = await FaultyGateway.start({ UPSTREAM_URL: upstream.url, JWT_ISSUERS: JSON.stringify(entries) });
  return async () => {
    await gateway.close();
    upstream.close();
    keyServer.close();
    keyServer.closeAllConnections();
  };
});
afterEach(async () => {
  isDown = false;
  await gateway.mend();
});

describe("an issuer that is down", () => {
  it("is served from its known keys for 24 hours, and again as soon as it is back", async () => {
    const caller = await callerOf("known");
    expect(await startOf(caller)).toBe(202);
    isDown = true;
    await expectServedForADay(caller);
    isDown = false;
    await gateway.pass(COOL_DOWN_MS);
    expect(await startOf(caller)).toBe(202);
  });

  it("is served for 24 hours by a fresh gateway, too, from the copy in KV", async () => {
    const caller = await callerOf("copied");
    expect(await startOf(caller)).toBe(202);
    await gateway.called("KV.put");
    isDown = true;
    await gateway.restart();
    await gateway.fail(/^KV\./);
    await expectUnverifiable(caller);
    await gateway.mend();
    await gateway.pass(COOL_DOWN_MS);
    expect(await startOf(caller)).toBe(202);
    await expectServedForADay(caller);
  });
});

describe("KV, to a gateway that knows no keys yet,", () => {
  it("is no condition: while it fails, the issuer is asked", async () => {
    await gateway.fail(/^KV\./);
    expect(await startOf(await callerOf("uncopied"))).toBe(202);
  });

  it("is not waited for when it hangs: the issuer is asked", async () => {
    await gateway.fail(/^KV\./, "held");
    const status = startOf(await callerOf("hanging"));
    await gateway.called("KV.get");
    await gateway.pass(PATIENCE_MS);
    expect(await status).toBe(202);
  });
});

/** From a few minutes after its keys were fetched at the latest. */
async function expectServedForADay(caller: Caller): Promise<void> {
  for (const ms of [11 * MINUTE, HOUR, 22 * HOUR + 40 * MINUTE]) {
    await gateway.pass(ms);
    expect(await startOf(caller)).toBe(202);
  }
  await gateway.pass(10 * MINUTE);
  await expectUnverifiable(caller);
}

async function expectUnverifiable(caller: Caller): Promise<void> {
  const answer = await caller.start(ECHO, {}, { rateLimit: "off" });
  expect(errorsOf(answer)).toMatchObject([{ status: 503, detail: expect.stringContaining("verified") }]);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
}

async function startOf(caller: Caller): Promise<number> {
  return (await caller.start(ECHO, {})).status;
}

/** Its token outlives what these tests let pass. */
function callerOf(name: (typeof ISSUERS)[number]): Promise<Caller> {
  const exp = Math.floor(Date.now() / SECOND) + 7 * 24 * 3600;
  return Caller.of(gateway.url, undefined, { iss: issuerOf(name), exp });
}

function issuerOf(name: string): string {
  return `https://${name}.issuer.invalid`;
}
