import { setTimeout as sleep } from "node:timers/promises";
import { type Clause, defineClauses } from "../clause.ts";
import { at, eventually, expect, listAt, startedRun, textAt, toJson } from "../expect.ts";
import { checkProof, expectToken, holdsV1, type Proof } from "../proof.ts";
import { type Delivery, failingOnce } from "../receiver.ts";
import type { World } from "../world.ts";
import { attemptedRun, readDeliveries, untilState } from "./deliveries.ts";
import { ended, startOneOff } from "./start.ts";

const PLANNED_WITHIN_MS = 30_000;
/** The first one is planned after 5 s, ±20 %. */
const RETRIED_WITHIN_MS = 20_000;
const CLOCKS_DIFFER_SECONDS = 60;
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

const clause = defineClauses("callback");

export const CALLBACKS: readonly Clause[] = [
  clause("refused-url: no https URL, over 2,048 characters, or with credentials: 400", async (world) => {
    for (const url of REFUSED_ANYWHERE) await expectRefused(world, url);
  }),
  clause("own-host: the edge's own host is refused", async (world) =>
    expectRefused(world, `${world.options.url}/completions/x`),
  ),
  clause("private-host: http, and private hosts in every spelling, are refused", async (world, note) => {
    if (await takesPrivateHosts(world)) {
      note("a development deployment on http, which takes them");
      return;
    }
    for (const url of ["http://client.example/hook", ...PRIVATE]) await expectRefused(world, url);
  }),
  clause("arrives: at the run's end the edge POSTs exactly the body of a GET, as JSON", async (world) => {
    const { delivery, read } = await delivered(world);
    expect.same("the method", delivery.method, "POST");
    expect.match("Content-Type", delivery.headers.get("content-type"), /^application\/json\b/);
    expect.same("the body", delivery.body.toString(), read);
  }),
  clause("v1: the first signature is v1 of the secret of GET /callbacks/secret", async (world) => {
    const { delivery } = await delivered(world);
    const answer = expect.json(await world.caller.call("/callbacks/secret"), 200);
    const secret = textAt(answer, "data", "secret");
    expect.match("the secret", secret, /^whsec_[\w+/]{43}=$/);
    expect.members(at(answer, "data"), { algorithm: "hmac-sha256" });
    expect.that(listAt(answer, "data", "also_valid").length < 4, "there are too many secrets");
    const signatures = delivery.headers.get("webhook-signature") ?? "";
    expect.that(holdsV1(delivery, secret), `v1 does not hold: ${signatures}`);
    expect.match("webhook-signature", signatures, /^(v1,\S+ )+v1a,\S+$/);
  }),
  clause("webhook-signature: v1a of a published key over id.timestamp.body", async (world) => {
    const { delivery, proof } = await delivered(world);
    expect.that(proof.webhookId !== "", "there is no webhook-id");
    expect.near("webhook-timestamp", proof.timestamp, delivery.atMs / 1000, CLOCKS_DIFFER_SECONDS);
    const signature = delivery.headers.get("webhook-signature");
    expect.that(proof.holdsV1a, `webhook-signature does not hold: ${signature}`);
  }),
  clause(
    "jwt: Callback-Signature: a callback+jwt of a published key, for the URL's origin, about the user's run and the body",
    async (world) => {
      const { delivery, proof, run, origin } = await delivered(world);
      expectToken(proof, { run, origin, user: world.claims("token"), atMs: delivery.atMs });
    },
  ),
  clause("one-off: a one-off run's callback is the body of its GET too, wrapped in data", async (world) => {
    const endpoint = world.receiver().open();
    const run = startedRun(await startOneOff(world, { callback_url: endpoint.url }));
    const delivery = await endpoint.nth(1);
    const read = await world.caller.call(`/actions/v1/runs/${run}`);
    expect.same("the body", delivery.body.toString(), read.text);
  }),
  clause("failed-run: a run that fails is called back too", async (world) => {
    const { first } = await attemptedRun(world, undefined, world.given("failing-action"));
    expect.members(JSON.parse(first.body.toString()), { status: "error" });
  }),
  clause("retry: no 2xx: again about 5 s later, same webhook-id and body, newly signed", async (world) => {
    const { endpoint, first } = await attemptedRun(world, failingOnce(500));
    const second = await endpoint.nth(2, RETRIED_WITHIN_MS);
    const [before, after] = [await checkProof(world.http, first), await checkProof(world.http, second)];
    expect.same("webhook-id", after.webhookId, before.webhookId);
    expect.same("the body", second.body.toString(), first.body.toString());
    expect.that(after.timestamp > before.timestamp, "webhook-timestamp is that of the first attempt");
    expect.that(after.holdsV1a, "the second webhook-signature does not hold");
    expect.that(after.claims !== null, `the second JWT does not verify: ${after.jwtFault}`);
    const afterSeconds = (second.atMs - first.atMs) / 1000;
    expect.that(afterSeconds >= 3.5, `the second attempt came after ${afterSeconds} s`);
  }),
  clause("retry-after: Retry-After counts between one and two times the planned delay", async (world) => {
    const { run } = await attemptedRun(world, failingOnce(503, { "retry-after": "9" }));
    const delay = await plannedDelay(world, run);
    expect.that(delay >= 8.5 && delay <= 13, `the next attempt is planned ${delay} s later`);
  }),
  clause("slow-down: after a 429 the next delay is at least 60 s", async (world) => {
    const { run } = await attemptedRun(world, failingOnce(429));
    const delay = await plannedDelay(world, run);
    expect.that(delay >= 59, `the next attempt is planned ${delay} s later`);
  }),
  clause("redirect: redirects are not followed: a 3xx is a failed attempt", async (world) => {
    const target = world.receiver().open();
    const { run } = await attemptedRun(world, failingOnce(307, { location: target.url }));
    await untilState(world, run, "retrying");
    await sleep(NOT_FOLLOWED_MS);
    expect.same("the number of requests that followed", target.deliveries.length, 0);
  }),
  clause("gone: 410 ends the attempts", async (world) => {
    const { run } = await attemptedRun(world, () => ({ status: 410 }));
    await untilState(world, run, "aborted");
  }),
  clause("abort-message: so does webhook-delivery: abort-message in the answer", async (world) => {
    const headers = { "webhook-delivery": "abort-message" };
    const { run } = await attemptedRun(world, () => ({ status: 500, headers }));
    await untilState(world, run, "aborted");
  }),
];

type Delivered = { run: string; origin: string; delivery: Delivery; read: string; proof: Proof };

function delivered(world: World): Promise<Delivered> {
  return world.once("delivered", async () => {
    const { run, endpoint, first: delivery } = await attemptedRun(world);
    const { origin } = new URL(endpoint.url);
    const { text: read } = await ended(world.caller, world.action, run);
    return { run, origin, delivery, read, proof: await checkProof(world.http, delivery) };
  });
}

/** Seconds from the first attempt to the next one. */
function plannedDelay(world: World, run: string): Promise<number> {
  return eventually(PLANNED_WITHIN_MS, async () => {
    const data = at(toJson(await readDeliveries(world, run)), "data");
    const next = Date.parse(String(at(data, "next_attempt_at")));
    const first = Date.parse(String(at(data, "attempts", 0, "at")));
    expect.that(!Number.isNaN(next) && !Number.isNaN(first), `the deliveries say ${JSON.stringify(data)}`);
    return (next - first) / 1000;
  });
}

async function expectRefused({ caller, action }: World, url: string): Promise<void> {
  const error = expect.error(await caller.start(action, { callback_url: url }), 400, "bad_request");
  expect.same(`the pointer for ${url.slice(0, 60)}`, at(error, "source", "pointer"), "/data/callback_url");
}

/** Only a deployment that is reached over http itself may. */
async function takesPrivateHosts({ caller, action, options }: World): Promise<boolean> {
  if (new URL(options.url).protocol === "https:") return false;
  const answer = await caller.start(action, { callback_url: "http://127.0.0.1:9/" });
  return answer.status === 202;
}
