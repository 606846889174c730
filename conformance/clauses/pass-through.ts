import type { Clause } from "../clause.ts";
import { at, expectMatch, expectSame, expectStatus, expectThat, listAt, textAt, toJson } from "../expect.ts";
import type { World } from "../world.ts";

const STORED = "/actions/v1/stored-actions";

export const PASS_THROUGH: readonly Clause[] = [
  {
    id: "pass.list",
    text: "GET /actions/v1/stored-actions reaches the upstream",
    check: async ({ caller }) => {
      const answer = await caller.call(STORED);
      expectStatus(answer, 200);
      listAt(toJson(answer), "data");
    },
  },
  {
    id: "pass.uncounted",
    text: "what is passed through takes nothing from the window of runs",
    check: async ({ caller }) => {
      const policy = (await caller.call(STORED)).headers.get("ratelimit-policy");
      expectThat(!policy?.startsWith('"runs"'), `it says RateLimit-Policy ${policy}`);
    },
  },
  {
    id: "pass.unknown",
    text: "the upstream's 404 comes back in the envelope",
    check: async ({ caller }) => {
      const answer = await caller.call(`${STORED}/${crypto.randomUUID()}`);
      expectStatus(answer, 404);
      expectSame("status", at(toJson(answer), "errors", 0, "status"), 404);
    },
  },
  {
    id: "pass.methods",
    text: "a stored action is created, read, changed and deleted through it",
    check: async (world) => {
      world.needWrites();
      const { caller } = world;
      const id = await create(world, '{"data":{"title":"Made by the conformance suite","action":"echo"}}');
      const read = await caller.call(`${STORED}/${id}`);
      expectStatus(read, 200);
      expectSame("data.id", at(toJson(read), "data", "id"), id);
      const changed = await caller.send("PATCH", `${STORED}/${id}`, '{"data":{"title":"Changed by it"}}');
      expectStatus(changed, 200);
      expectStatus(await caller.call(`${STORED}/${id}`, { method: "DELETE" }), 204, 200);
      expectStatus(await caller.call(`${STORED}/${id}`), 404);
    },
  },
  {
    id: "pass.undamaged",
    text: "JSON passes undamaged in both directions",
    check: async (world) => {
      world.needWrites();
      const params = '{"big":12345678901234567890,"exact":1.10}';
      const id = await create(world, `{"data":{"title":"Numbers","action":"echo","params":${params}}}`);
      const { text } = await world.caller.call(`${STORED}/${id}`);
      expectMatch("the stored action", text, /"big":\s*12345678901234567890\b/);
      expectMatch("the stored action", text, /"exact":\s*1\.10\b/);
      await world.caller.call(`${STORED}/${id}`, { method: "DELETE" });
    },
  },
];

async function create({ caller }: World, body: string): Promise<string> {
  const answer = await caller.send("POST", STORED, body);
  expectStatus(answer, 201, 200);
  return textAt(toJson(answer), "data", "id");
}
