import { type Clause, defineClauses } from "../clause.ts";
import { at, expect, listAt, textAt } from "../expect.ts";
import type { World } from "../world.ts";

const STORED = "/actions/v1/stored-actions";

const clause = defineClauses("pass");

export const PASS_THROUGH: readonly Clause[] = [
  clause("list: GET /actions/v1/stored-actions reaches the upstream", async ({ caller }) => {
    listAt(expect.json(await caller.call(STORED), 200), "data");
  }),
  clause("uncounted: what is passed through takes nothing from the window of runs", async ({ caller }) => {
    const policy = (await caller.call(STORED)).headers.get("ratelimit-policy");
    expect.that(!policy?.startsWith('"runs"'), `it says RateLimit-Policy ${policy}`);
  }),
  clause("unknown: the upstream's 404 comes back in the envelope", async ({ caller }) => {
    const answer = await caller.call(`${STORED}/${crypto.randomUUID()}`);
    expect.members(at(expect.json(answer, 404), "errors", 0), { status: 404 });
  }),
  clause("methods: a stored action is created, read, changed and deleted through it", async (world) => {
    world.needWrites();
    const { caller } = world;
    const id = await create(world, '{"data":{"title":"Made by the conformance suite","action":"echo"}}');
    const path = `${STORED}/${id}`;
    expect.members(at(expect.json(await caller.call(path), 200), "data"), { id });
    expect.status(await caller.send("PATCH", path, '{"data":{"title":"Changed by it"}}'), 200);
    expect.status(await caller.call(path, { method: "DELETE" }), 204, 200);
    expect.status(await caller.call(path), 404);
  }),
  clause("undamaged: JSON passes undamaged in both directions", async (world) => {
    world.needWrites();
    const params = '{"big":12345678901234567890,"exact":1.10}';
    const id = await create(world, `{"data":{"title":"Numbers","action":"echo","params":${params}}}`);
    const { text } = await world.caller.call(`${STORED}/${id}`);
    expect.match("the stored action", text, /"big":\s*12345678901234567890\b/);
    expect.match("the stored action", text, /"exact":\s*1\.10\b/);
    await world.caller.call(`${STORED}/${id}`, { method: "DELETE" });
  }),
];

async function create({ caller }: World, body: string): Promise<string> {
  return textAt(expect.json(await caller.send("POST", STORED, body), 201, 200), "data", "id");
}
