// The guard around every test in workerd (support/log-guard.ts) can fail: it knows every kind of secret that a run
// brings with it, and finds it wherever code logs it.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { buildUserKey } from "../../../src/auth/caller.ts";
import { findCallbackSecrets, formatCallbackSecret } from "../../../src/callbacks/callback-secret.ts";
import { ORIGIN } from "../../support/gateway.ts";
import { logGuard } from "../../support/log-guard.ts";
import { freshIndex } from "../../support/operators-index.ts";
import { Stage } from "../../support/stage.ts";

const QUERY = "key=query-of-the-callback-url";
const INPUT = "what the caller wants done";

/** What a line of the log says when code logs this. */
function findLeaks(...words: unknown[]): string[] {
  console.info(...words);
  return logGuard.leaks.splice(0);
}

beforeEach(async () => {
  await freshIndex();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a run from its start to its callback", () => {
  it("leaves nothing behind that the guard does not know, and the log has none of it", async () => {
    const stage = await Stage.set();
    const token = await stage.gateway.issuer.token({ sub: "alice" });
    const run = await stage.start(
      {
        inputs: { wish: INPUT },
        callback_url: `https://client.example/hook?${QUERY}`,
        idempotency_id: crypto.randomUUID(),
      },
      { headers: { authorization: `Bearer ${token}` } },
    );
    const replayed = stage.gateway.upstream.starts[0];
    await stage.finish(run);
    const [received] = stage.received;
    const { keys } = JSON.parse(String(Reflect.get(stage.gateway.env, "SIGNING_KEYS")));
    const signatures = received?.headers.get("webhook-signature")?.split(" ") ?? [];
    const userKey = await buildUserKey(stage.gateway.issuer.issuer, "alice");
    const [callbackSecret] = await findCallbackSecrets(keys, userKey);
    const secrets: Record<string, string | null | undefined> = {
      "the caller's token": token,
      "a signature without its token": token.split(".")[2],
      "claims without their signature": token.split(".")[1],
      "the token for the upstream": replayed?.headers.get("authorization"),
      "the body for the upstream": replayed?.body,
      "what the caller wants": INPUT,
      "the completion's ref": run.ref,
      "the callback's query": QUERY,
      "the callback's v1 signature": signatures[0]?.replace("v1,", ""),
      "the callback's v1a signature": signatures[1]?.replace("v1a,", ""),
      "the secret of the v1 signature": formatCallbackSecret(callbackSecret ?? expect.fail()),
      "the callback's token": received?.headers.get("callback-signature"),
      "the signing key": keys[0].d,
    };
    for (const [what, secret] of Object.entries(secrets)) {
      expect(findLeaks(`{"event":"x","text":"${secret}"}`), what).toHaveLength(1);
    }
    expect(
      findLeaks(
        `{"event":"x","run_id":"${run.runId}","gate":"${(await stage.gateway.gateOf()).id.toString()}"}`,
      ),
    ).toEqual([]);
  });
});

describe("the guard finds a secret", () => {
  it("in an error, in an object, and in a string of JSON", async () => {
    const body = '{"data":{"inputs":{"wish":"in the log"}}}';
    logGuard.secrets.add(body);
    expect(findLeaks(new Error(`no such thing as ${body}`))).toHaveLength(1);
    expect(findLeaks({ said: body })).toHaveLength(1);
    expect(findLeaks(JSON.stringify({ time: 1, said: body }))).toHaveLength(1);
  });

  it("behind a test's own console", () => {
    vi.spyOn(console, "info").mockImplementation(() => undefined);
    logGuard.secrets.add("a-secret-of-sixteen-and-more");
    expect(findLeaks("it is a-secret-of-sixteen-and-more.")).toHaveLength(1);
  });

  it("where the gateway's own line has a URL or a credential that the guard was not told of", () => {
    expect(findLeaks(`{"time":1,"error":"no route to ${ORIGIN}/"}`)).toHaveLength(1);
    expect(findLeaks('{"time":1,"error":"Bearer abc"}')).toHaveLength(1);
    expect(findLeaks('{"time":1,"route":"/actions/*"}')).toEqual([]);
  });
});
