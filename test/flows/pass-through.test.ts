import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, atOnce, Caller, ECHO, errorsOf, runIdOf, tally } from "./support/caller.ts";
import { type GatewayProcess, startPatientProcess } from "./support/process.ts";

const STORED = "/actions/v1/stored-actions";

describe("stored actions are managed through the gateway", () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startPatientProcess();
    return () => gateway.close();
  });

  it("one is created, listed, run, changed, run again and deleted", async () => {
    const caller = await Caller.of(gateway.url);
    const draft = { title: "Nap", action: "slow", params: { seconds: 0 } };
    const created = await caller.send("POST", STORED, JSON.stringify({ data: draft }));
    expect(created.status).toBe(201);
    const { id, ...action } = dataOf(created);
    expect(action).toMatchObject({ type: "stored_action", ...draft });
    expect((await actionsOf(caller)).find((listed) => listed.id === id)).toMatchObject({ id, ...draft });
    expect(await runAndRead(caller, id, { note: 1 })).toEqual([{ note: 1 }]);

    const change = '{"data":{"action":"paged","params":{"count":2}}}';
    expect((await caller.send("PATCH", `${STORED}/${id}`, change)).status).toBe(200);
    expect(dataOf(await caller.call(`${STORED}/${id}`))).toMatchObject({ title: "Nap", action: "paged" });
    expect(await runAndRead(caller, id, {})).toEqual([{ index: 0 }, { index: 1 }]);

    const deleted = await caller.call(`${STORED}/${id}`, { method: "DELETE" });
    expect([deleted.status, deleted.text]).toEqual([204, ""]);
    expect((await actionsOf(caller)).map((listed) => listed.id)).not.toContain(id);
    expect((await caller.start(id, {}, { errorFrom: "upstream" })).status).toBe(404);
  });

  it("managing them costs nothing of the limit, and shows none", async () => {
    const claims = { rate_limit: { exempt: false, limit_override: 1 } };
    const caller = await Caller.of(gateway.url, "manager", claims);
    const circumstances = { rateLimit: "off" } as const;
    expect(tally(await atOnce(4, () => caller.call(STORED, { circumstances })))).toEqual({ 200: 4 });
    expect((await caller.start(ECHO, {})).status).toBe(202);
  });

  it("what the upstream refuses is passed back in its words", async () => {
    const caller = await Caller.of(gateway.url);
    const answer = await caller.call(`${STORED}/${ECHO}`, {
      method: "DELETE",
      circumstances: { errorFrom: "upstream" },
    });
    expect(answer.status).toBe(403);
    expect(errorsOf(answer)).toEqual([
      {
        status: 403,
        code: "permission_denied",
        title: "Permission Denied",
        detail: "The built-in actions cannot be changed.",
        source: null,
      },
    ]);
  });

  it("nobody passes without a token", async () => {
    const caller = await Caller.of(gateway.url);
    const answer = await caller.call(STORED, { headers: { authorization: "" } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });
});

type StoredAction = { id: string; title: string; action: string };

function dataOf({ text }: Answer): StoredAction {
  const { data }: { data: StoredAction } = JSON.parse(text);
  return data;
}

async function actionsOf(caller: Caller): Promise<StoredAction[]> {
  const { data }: { data: StoredAction[] } = JSON.parse((await caller.call(STORED)).text);
  return data;
}

async function runAndRead(caller: Caller, action: string, inputs: object): Promise<unknown> {
  const runId = runIdOf(await caller.start(action, { inputs }));
  const { results }: { results: unknown } = JSON.parse(
    (await caller.read(action, runId, "?wait_seconds=10")).text,
  );
  return results;
}
