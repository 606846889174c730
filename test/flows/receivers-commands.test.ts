// The commands of the receivers under examples/: what each option does, which ones they cannot do without, and what they
// do with the callbacks of a real gateway.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { DEV_ISSUER } from "../../scripts/dev-keys.ts";
import { callback, ORIGIN, SigningGateway, USER } from "./support/callback-forgeries.ts";
import { Caller, ECHO, toRunId } from "./support/caller.ts";
import { untilState } from "./support/deliveries.ts";
import { asCommand, COMMANDS, FOR_USER, post } from "./support/example-receivers.ts";
import { forFile, forTest, gatewayWith, userFolder } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { run } from "./support/run.ts";

const { env } = await userFolder();
const realGateway = await forFile(gatewayWith());
let gateway: SigningGateway;
beforeEach(async () => {
  gateway = await SigningGateway.listen();
  return () => gateway.close();
});

describe.each(["node-jose", "python-pyjwt"] as const)("examples/%s, as a command", (name) => {
  it("prints the runs that it is sent", async () => {
    const receiver = await forTest(asCommand(gateway, name));
    const runId = randomUUID();
    expect(await post(receiver, await callback(gateway, { runId, body: '{"status":"success"}' }))).toBe(204);
    await until("the run", 5000, () => receiver.handedOn().length === 1);
    expect(receiver.handedOn()).toEqual([{ runId, run: { status: "success" } }]);
  });

  it("without --origin, takes callbacks to its own address on this machine only", async () => {
    const receiver = await forTest(asCommand(gateway, name, FOR_USER));
    const atOrigin = await callback(gateway);
    expect(await post(receiver, atOrigin)).toBe(401);
    const atLocalhost = await callback(gateway, {
      claims: { aud: receiver.url.replace("127.0.0.1", "localhost") },
    });
    expect(await post(receiver, atLocalhost)).toBe(401);
    expect(await post(receiver, await callback(gateway, { claims: { aud: receiver.url } }))).toBe(204);
  });

  it("takes the runs of each --user, and of no mixture of two", async () => {
    const other = { issuer: "https://other-login.example", subject: "bob" };
    const users = [...FOR_USER, "--user", other.issuer, other.subject];
    const receiver = await forTest(asCommand(gateway, name, ["--origin", ORIGIN, ...users]));
    const postFor = async (iss: string, sub: string) =>
      post(receiver, await callback(gateway, { claims: { sub_id: { format: "iss_sub", iss, sub } } }));
    expect(await postFor(USER.issuer, USER.subject)).toBe(204);
    expect(await postFor(other.issuer, other.subject)).toBe(204);
    expect(await postFor(USER.issuer, other.subject)).toBe(401);
    expect(await postFor(other.issuer, USER.subject)).toBe(401);
  });

  it("refuses a body of more than --max-bytes", async () => {
    const options = ["--origin", ORIGIN, ...FOR_USER, "--max-bytes", "20"];
    const receiver = await forTest(asCommand(gateway, name, options));
    expect(await post(receiver, await callback(gateway, { body: `"${"x".repeat(18)}"` }))).toBe(204);
    expect(await post(receiver, await callback(gateway, { body: `"${"x".repeat(19)}"` }))).toBe(413);
    await until("the reason", 5000, () => /more than 20 bytes/.test(receiver.reasons().join("\n")));
  });

  it("takes a real run of the user it expects, and refuses one for which another user named its URL", async () => {
    const receiver = await forTest(asCommand(realGateway, name, ["--user", DEV_ISSUER, "alice"]));
    const startRun = async (sub: string) => {
      const caller = await Caller.of(realGateway.url, sub);
      const runId = toRunId(await caller.start(ECHO, { callback_url: `${receiver.url}/hook` }));
      return { runId, view: await untilState(caller, ECHO, runId, "retrying", "delivered") };
    };
    expect((await startRun("bob")).view.attempts).toMatchObject([{ status: 401 }]);
    await until("the reason", 5000, () => receiver.reasons().some((line) => line.includes('"bob"')));
    const { runId, view } = await startRun("alice");
    expect(view.state).toBe("delivered");
    await until("the run", 5000, () => receiver.handedOn().length > 0);
    expect(receiver.handedOn()).toMatchObject([{ runId }]);
  });

  it.each([
    ["--user", ["--origin", ORIGIN]],
    ["--user", ["--origin", ORIGIN, "--user", USER.issuer]],
    ["--origin", ["--gateway", "https://actions.example.com", ...FOR_USER]],
    ["--origin", ["--origin", "client.example", ...FOR_USER]],
    ["--origin", ["--origin", "localhost:9000", ...FOR_USER]],
    ["--gateway", ["--gateway", "localhost:8787", "--origin", ORIGIN, ...FOR_USER]],
    ...["abc", "0", "-1", "1.5"].map((size): [string, string[]] => [
      "--max-bytes",
      ["--max-bytes", size, "--origin", ORIGIN, ...FOR_USER],
    ]),
    ...["abc", "0", "-1", "65536"].map((port): [string, string[]] => [
      "--port",
      ["--port", port, "--origin", ORIGIN, ...FOR_USER],
    ]),
    ["--bogus", ["--bogus", "--origin", ORIGIN, ...FOR_USER]],
  ])("says that it needs %s, given %j", async (option, options) => {
    const { program, file } = COMMANDS[name];
    const { code, stderr } = await run(program, [file, "--port", "1", ...options], env);
    expect(code).toBe(2);
    expect(stderr).toContain(option);
  });
});
