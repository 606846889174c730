import type { Clause } from "../clause.ts";
import {
  at,
  eventually,
  expectError,
  expectMatch,
  expectSame,
  expectStatus,
  expectThat,
  startedRun,
  toJson,
} from "../expect.ts";
import { checkProof, type Proof } from "../proof.ts";
import { type Delivery, type Endpoint, failingOnce } from "../receiver.ts";
import type { World } from "../world.ts";
import { readDeliveries } from "./deliveries.ts";
import { ended } from "./start.ts";

const CALLED_BACK_WITHIN_MS = 30_000;
/** The first one is planned after 5 s, ±20 %. */
const RETRIED_WITHIN_MS = 20_000;
const CLOCKS_DIFFER_SECONDS = 60;
const PROOF_SECONDS = 300;
const NOT_FOLLOWED_MS = 3_000;

/** What is refused wherever the deployment runs. */
const REFUSED_ANYWHERE = [
  "not a URL",
  "/hook",
  "ftp://client.example/hook",
  "javascript:alert(1)",
  "https://user:password@client.example/hook",
  "https://user@client.example/hook",
  `https://client.example/${"x".repeat(2048)}`,
];

/** Loopback, private, link-local, CGNAT, documentation, multicast, and IPv6 forms of those. */
const PRIVATE = [
  "https://127.0.0.1/hook",
  "https://localhost/hook",
  "https://0x7f.1/hook",
  "https://2130706433/hook",
  "https://0.0.0.0/hook",
  "https://10.1.2.3/hook",
  "https://172.16.0.1/hook",
  "https://192.168.1.1/hook",
  "https://169.254.169.254/latest/meta-data",
  "https://100.64.0.1/hook",
  "https://192.0.2.1/hook",
  "https://224.0.0.1/hook",
  "https://[::1]/hook",
  "https://[fc00::1]/hook",
  "https://[fe80::1]/hook",
  "https://[ff02::1]/hook",
  "https://[2001:db8::1]/hook",
  "https://[::ffff:127.0.0.1]/hook",
  "https://[64:ff9b::7f00:1]/hook",
  "https://[2002:7f00:1::]/hook",
];

export const CALLBACKS: readonly Clause[] = [
  {
    id: "callback.refused-url",
    text: "no https URL, over 2,048 characters, or with credentials: 400 with the pointer /data/callback_url",
    check: async (world) => {
      for (const url of REFUSED_ANYWHERE) await expectRefused(world, url);
    },
  },
  {
    id: "callback.own-host",
    text: "the edge's own host is refused",
    check: async (world) => expectRefused(world, `${world.options.url}/completions/x`),
  },
  {
    id: "callback.private-host",
    text: "http, and private hosts in every spelling, are refused",
    check: async (world, note) => {
      if (await takesPrivateHosts(world)) {
        note("a development deployment on http, which takes them");
        return;
      }
      for (const url of ["http://client.example/hook", ...PRIVATE]) await expectRefused(world, url);
    },
  },
  {
    id: "callback.arrives",
    text: "when the run ends the edge POSTs exactly the body that a GET returns, as application/json",
    check: async (world) => {
      const { delivery, read } = await delivered(world);
      expectSame("the method", delivery.method, "POST");
      expectMatch("Content-Type", delivery.headers.get("content-type"), /^application\/json\b/);
      expectSame("the body", delivery.body.toString(), read);
    },
  },
  {
    id: "callback.webhook-signature",
    text: "webhook-id, webhook-timestamp, webhook-signature: v1a of a published key over id.timestamp.body",
    check: async (world) => {
      const { delivery, proof } = await delivered(world);
      expectThat(proof.webhookId !== "", "there is no webhook-id");
      expectNow("webhook-timestamp", proof.timestamp, delivery.atMs);
      expectThat(
        proof.holdsV1a,
        `webhook-signature does not hold: ${delivery.headers.get("webhook-signature")}`,
      );
    },
  },
  {
    id: "callback.jwt",
    text: "Callback-Signature: a JWT of a published key: iss, sub (run), jti (webhook-id), iat, exp, body_sha256",
    check: async (world) => {
      const { delivery, proof, run } = await delivered(world);
      const { claims } = proof;
      expectThat(claims !== null, `Callback-Signature does not verify: ${proof.jwtFault}`);
      if (claims === null) return;
      expectSame("sub", claims.sub, run);
      expectSame("jti", claims.jti, proof.webhookId);
      expectSame("body_sha256", claims["body_sha256"], proof.bodySha256);
      expectNow("iat", Number(claims.iat), delivery.atMs);
      expectSame("exp - iat", Number(claims.exp) - Number(claims.iat), PROOF_SECONDS);
      expectThat(typeof claims.iss === "string" && claims.iss !== "", "there is no iss");
    },
  },
  {
    id: "callback.one-off",
    text: "a one-off run's callback is the body of its GET too, wrapped in data",
    check: async (world) => {
      const endpoint = world.receiver().open();
      const data = { ...world.oneOffData(), callback_url: endpoint.url };
      const run = startedRun(await world.caller.send("POST", "/actions/v1/runs", JSON.stringify({ data })));
      const delivery = await endpoint.nth(1, CALLED_BACK_WITHIN_MS);
      const read = await world.caller.call(`/actions/v1/runs/${run}`);
      expectSame("the body", delivery.body.toString(), read.text);
    },
  },
  {
    id: "callback.failed-run",
    text: "a run that fails is called back too",
    check: async (world) => {
      const endpoint = world.receiver().open();
      await start(world, endpoint, world.failingAction());
      const delivery = await endpoint.nth(1, CALLED_BACK_WITHIN_MS);
      expectSame("status", at(JSON.parse(delivery.body.toString()), "status"), "error");
    },
  },
  {
    id: "callback.retry",
    text: "no 2xx: tried again about 5 s later, same webhook-id and body, both signatures fresh",
    check: async (world) => {
      const endpoint = world.receiver().open(failingOnce(500));
      await start(world, endpoint);
      const first = await endpoint.nth(1, CALLED_BACK_WITHIN_MS);
      const second = await endpoint.nth(2, RETRIED_WITHIN_MS);
      const [before, after] = [await checkProof(world.http, first), await checkProof(world.http, second)];
      expectSame("webhook-id", after.webhookId, before.webhookId);
      expectSame("the body", second.body.toString(), first.body.toString());
      expectThat(after.timestamp > before.timestamp, "webhook-timestamp is that of the first attempt");
      expectThat(after.holdsV1a, "the second webhook-signature does not hold");
      expectThat(after.claims !== null, `the second JWT does not verify: ${after.jwtFault}`);
      const afterSeconds = (second.atMs - first.atMs) / 1000;
      expectThat(afterSeconds >= 3.5, `the second attempt came after ${afterSeconds} s`);
    },
  },
  {
    id: "callback.retry-after",
    text: "a Retry-After is honoured between one and two times the planned delay",
    check: async (world) => {
      const endpoint = world.receiver().open(failingOnce(503, { "retry-after": "9" }));
      const run = await start(world, endpoint);
      await endpoint.nth(1, CALLED_BACK_WITHIN_MS);
      const delay = await plannedDelay(world, run);
      expectThat(delay >= 8.5 && delay <= 13, `the next attempt is planned ${delay} s later`);
    },
  },
  {
    id: "callback.slow-down",
    text: "after a 429 the next delay is at least 60 s",
    check: async (world) => {
      const endpoint = world.receiver().open(failingOnce(429));
      const run = await start(world, endpoint);
      await endpoint.nth(1, CALLED_BACK_WITHIN_MS);
      const delay = await plannedDelay(world, run);
      expectThat(delay >= 59, `the next attempt is planned ${delay} s later`);
    },
  },
  {
    id: "callback.redirect",
    text: "redirects are not followed: a 3xx is a failed attempt",
    check: async (world) => {
      const target = world.receiver().open();
      const endpoint = world.receiver().open(failingOnce(307, { location: target.url }));
      const run = await start(world, endpoint);
      await endpoint.nth(1, CALLED_BACK_WITHIN_MS);
      await expectState(world, run, "retrying");
      await new Promise((resolve) => setTimeout(resolve, NOT_FOLLOWED_MS));
      expectSame("the number of requests that followed", target.deliveries.length, 0);
    },
  },
  {
    id: "callback.gone",
    text: "410 ends the attempts",
    check: async (world) => {
      const endpoint = world.receiver().open(() => ({ status: 410 }));
      await expectState(world, await start(world, endpoint), "aborted");
    },
  },
  {
    id: "callback.abort-message",
    text: "so does webhook-delivery: abort-message in the answer",
    check: async (world) => {
      const headers = { "webhook-delivery": "abort-message" };
      const endpoint = world.receiver().open(() => ({ status: 500, headers }));
      await expectState(world, await start(world, endpoint), "aborted");
    },
  },
];

type Delivered = { run: string; delivery: Delivery; read: string; proof: Proof };

function delivered(world: World): Promise<Delivered> {
  return world.once("delivered", async () => {
    const endpoint = world.receiver().open();
    const run = await start(world, endpoint);
    const delivery = await endpoint.nth(1, CALLED_BACK_WITHIN_MS);
    const read = await ended(world.caller, world.action, run);
    return { run, delivery, read: read.text, proof: await checkProof(world.http, delivery) };
  });
}

async function start(world: World, endpoint: Endpoint, action = world.action): Promise<string> {
  const data = { inputs: { message: "ä € 𝄞" }, callback_url: endpoint.url };
  return startedRun(await world.caller.start(action, data));
}

function expectState(world: World, run: string, state: string): Promise<void> {
  return eventually(CALLED_BACK_WITHIN_MS, async () => {
    const answer = await readDeliveries(world, run);
    expectStatus(answer, 200);
    expectSame("the delivery's state", at(toJson(answer), "data", "state"), state);
  });
}

/** Seconds from the first attempt to the next one. */
function plannedDelay(world: World, run: string): Promise<number> {
  return eventually(CALLED_BACK_WITHIN_MS, async () => {
    const data = at(toJson(await readDeliveries(world, run)), "data");
    const next = Date.parse(String(at(data, "next_attempt_at")));
    const first = Date.parse(String(at(data, "attempts", 0, "at")));
    expectThat(!Number.isNaN(next) && !Number.isNaN(first), `the deliveries say ${JSON.stringify(data)}`);
    return (next - first) / 1000;
  });
}

async function expectRefused({ caller, action }: World, url: string): Promise<void> {
  const error = expectError(await caller.start(action, { callback_url: url }), 400, "bad_request");
  expectSame(`the pointer for ${url.slice(0, 60)}`, at(error, "source", "pointer"), "/data/callback_url");
}

/** Only a deployment that is reached over http itself may. */
async function takesPrivateHosts({ caller, action, options }: World): Promise<boolean> {
  if (new URL(options.url).protocol === "https:") return false;
  const answer = await caller.start(action, { callback_url: "http://127.0.0.1:9/" });
  return answer.status === 202;
}

function expectNow(what: string, seconds: number, nowMs: number): void {
  const off = Math.abs(seconds - nowMs / 1000);
  expectThat(off <= CLOCKS_DIFFER_SECONDS, `${what} is ${seconds}, ${off} s beside now`);
}
