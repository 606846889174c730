// The receivers under examples/ that verify `v1` with a stock library: what they take, what they refuse, and their commands.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { BODY } from "./support/callback-forgeries.ts";
import { Caller, ECHO, toRunId } from "./support/caller.ts";
import { untilState } from "./support/deliveries.ts";
import { freePort, PROJECT } from "./support/environment.ts";
import {
  announce,
  type ExampleReceiver,
  post,
  STOCK_RECEIVERS,
  stockAsCommand,
  stockInProcess,
} from "./support/example-receivers.ts";
import { forFile, forTest, gatewayWith, userFolder } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { run } from "./support/run.ts";
import { readSecrets } from "./support/stock-libraries.ts";
import { newSecret, V1_FORGERIES, v1Callback } from "./support/v1-callbacks.ts";

const MIB = 1024 * 1024;

const { env } = await userFolder();
const gateway = await forFile(gatewayWith());

it("the shortest receiver of the page takes its user's callbacks, and no other", async () => {
  const page = await readFile(join(PROJECT, "docs/receiving-callbacks.md"), "utf8");
  const [, code = expect.fail("the page has no receiver")] = /```js\n(import [^`]*)```/.exec(page) ?? [];
  const [secret, port] = [newSecret(), await freePort()];
  const program = ["--input-type=module", "-e", code.replace("9000", String(port))];
  const child = spawn(process.execPath, program, { cwd: PROJECT, env: { ...env, CALLBACK_SECRET: secret } });
  onTestFinished(() => void child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  await until("the receiver", 15_000, () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  expect(await post({ url }, v1Callback([newSecret(), secret]))).toBe(204);
  for (const [, make] of V1_FORGERIES) {
    const { headers, body } = make(secret);
    expect(await post({ url }, { headers, body })).toBe(401);
  }
});

describe.each(Object.entries(STOCK_RECEIVERS))("examples/%s", (_name, file) => {
  let secret: string;
  let receiver: ExampleReceiver;
  beforeEach(async () => {
    secret = newSecret();
    receiver = await stockInProcess(file, [newSecret(), secret]);
    return () => receiver.close();
  });

  it.each(["", "\ufeff"])(
    "acknowledges an honest callback that begins with %j and hands its run on",
    async (begin) => {
      const runId = randomUUID();
      expect(await post(receiver, v1Callback([secret], { runId, body: `${begin}${BODY}` }))).toBe(204);
      await handed(1);
      expect(receiver.handedOn()).toEqual([{ runId, run: JSON.parse(BODY) }]);
    },
  );

  it("takes one that was nearly 5 minutes on its way", async () => {
    expect(await post(receiver, v1Callback([secret], { ageSeconds: 290 }))).toBe(204);
  });

  it("takes one that is signed with another secret too, as during a rotation", async () => {
    for (const secrets of [
      [newSecret(), secret],
      [secret, newSecret()],
    ])
      expect(await post(receiver, v1Callback(secrets))).toBe(204);
  });

  it("acknowledges every attempt and hands the run on once", async () => {
    const runId = randomUUID();
    const first = v1Callback([secret], { runId, ageSeconds: 200 });
    const atOnce = await Promise.all([first, first, first].map((attempt) => post(receiver, attempt)));
    expect(atOnce).toEqual([204, 204, 204]);
    expect(await post(receiver, v1Callback([secret], { runId }))).toBe(204);
    const next = randomUUID();
    expect(await post(receiver, v1Callback([secret], { runId: next }))).toBe(204);
    await handed(2);
    expect(receiver.handedOn().map((one) => one.runId)).toEqual([runId, next]);
  });

  it.each(V1_FORGERIES)("refuses a callback when %s, and takes the honest one after it", async (_, make) => {
    const forgery = make(secret);
    expect(await post(receiver, forgery)).toBe(401);
    expect(receiver.reasons()).toEqual([expect.stringMatching(/^WebhookVerificationError: \w/)]);
    const runId = forgery.headers["webhook-id"]?.replace("run_", "") ?? randomUUID();
    expect(await post(receiver, v1Callback([secret], { runId }))).toBe(204);
    await handed(1);
    expect(receiver.handedOn()).toMatchObject([{ runId }]);
  });

  it("takes a large body, and refuses another one", async () => {
    const body = JSON.stringify({ status: "success", results: ["x".repeat(12 * MIB)] });
    const large = v1Callback([secret], { body });
    expect(await post(receiver, { ...large, body: body.replace("success", "failure") })).toBe(401);
    expect(await post(receiver, large)).toBe(204);
    await handed(1, 30_000);
    expect(receiver.handedOn()[0]?.run).toEqual(JSON.parse(body));
  });

  it("keeps no body of more than 64 MiB", async () => {
    const { headers } = v1Callback([secret]);
    expect(await announce(receiver, headers, 64 * MIB + 1)).toBe(413);
    expect(receiver.reasons()).toEqual(["the body has no length, or more than 67108864 bytes"]);
  });

  it.each(["NaN", "[", "\ufeff"])("refuses %j, which is no JSON", async (value) => {
    expect(await post(receiver, v1Callback([secret], { body: `{"results":[${value}]}` }))).toBe(400);
    expect(receiver.reasons()).toEqual(["the body is no JSON"]);
  });

  it("as a command, takes a real run of the user whose secret it has, and refuses another user's at its URL", async () => {
    const [alice, bob] = [await Caller.of(gateway.url), await Caller.of(gateway.url)];
    const command = await forTest(stockAsCommand(file, [(await readSecrets(alice)).secret]));
    const startRun = async (caller: Caller) => {
      const runId = toRunId(await caller.start(ECHO, { callback_url: `${command.url}/hook` }));
      return { runId, view: await untilState(caller, ECHO, runId, "retrying", "delivered") };
    };
    expect((await startRun(bob)).view.attempts).toMatchObject([{ status: 401 }]);
    await until("the reason", 5000, () => command.reasons().length > 0);
    expect(command.reasons()[0]).toBe("WebhookVerificationError: No matching signature found");
    const { runId, view } = await startRun(alice);
    expect(view.state).toBe("delivered");
    await until("the run", 5000, () => command.handedOn().length > 0);
    expect(command.handedOn()).toMatchObject([{ runId }]);
  });

  it("as a command, refuses a body of more than --max-bytes", async () => {
    const command = await forTest(stockAsCommand(file, [secret], ["--max-bytes", "20"]));
    expect(await post(command, v1Callback([secret], { body: `"${"x".repeat(18)}"` }))).toBe(204);
    expect(await post(command, v1Callback([secret], { body: `"${"x".repeat(19)}"` }))).toBe(413);
  });

  it.each<[string, string, string[]]>([
    ["CALLBACK_SECRETS", "", []],
    ["CALLBACK_SECRETS", "whsec_short", []],
    ...["abc", "0", "1.5"].map((size): [string, string, string[]] => [
      "--max-bytes",
      newSecret(),
      ["--max-bytes", size],
    ]),
    ["--port", newSecret(), ["--port", "65536"]],
    ["--bogus", newSecret(), ["--bogus"]],
  ])("as a command, says that it needs %s, given %j and %j", async (missing, secrets, options) => {
    const all = { ...env, CALLBACK_SECRETS: secrets };
    const { code, stderr } = await run(process.execPath, [file, ...options], all);
    expect(code).toBe(2);
    expect(stderr).toContain(missing);
  });

  async function handed(count: number, withinMs = 5000): Promise<void> {
    await until("the run", withinMs, () => receiver.handedOn().length >= count);
  }
});
