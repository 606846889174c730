// The commands of the receivers under examples/: what each option does, and which ones they cannot do without.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { callback, ORIGIN, SigningGateway, USER } from "./support/callback-forgeries.ts";
import { asCommand, COMMANDS, FOR_USER, post } from "./support/example-receivers.ts";
import { forTest, userFolder } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { run } from "./support/run.ts";

const { env } = await userFolder();
let gateway: SigningGateway;
beforeEach(async () => {
  gateway = await SigningGateway.listen();
  return () => gateway.close();
});

describe.each(Object.keys(COMMANDS))("examples/%s, as a command", (name) => {
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

  it.each([
    ["--user", ["--origin", ORIGIN]],
    ["--user", ["--origin", ORIGIN, "--user", USER.issuer]],
    ["--origin", ["--gateway", "https://actions.example.com", ...FOR_USER]],
  ])("says that it needs %s, given %j", async (option, options) => {
    const [program = "", file = ""] = COMMANDS[name] ?? [];
    const { code, stderr } = await run(program, [file, "--port", "1", ...options], env);
    expect(code).toBe(2);
    expect(stderr).toContain(option);
  });
});
