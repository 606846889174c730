// The walk over the registry: every gate once, whatever comes in meanwhile and wherever it is taken up again.
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { BEGINNING, listGates, type RegistryPosition } from "../../src/operators/registry.ts";
import { freshStores } from "./bench.ts";

const platform: KVNamespace = Object.getPrototypeOf(env.KV);

freshStores();

async function register(...gates: string[]): Promise<void> {
  await Promise.all(gates.map((gate) => env.KV.put(`gate:v1:${gate}`, "user")));
}

async function walk(from: RegistryPosition = BEGINNING): Promise<string[]> {
  const found: string[] = [];
  for (let at: RegistryPosition | null = from; at !== null; ) {
    const page = await listGates(env.KV, at, 2);
    expect(page.gates.length).toBeLessThanOrEqual(2);
    found.push(...page.gates);
    at = page.next;
  }
  return found;
}

it("an empty registry has no gate and no further page", async () => {
  expect(await listGates(env.KV, BEGINNING, 2)).toEqual({ gates: [], cursor: null, next: null });
});

it("finds every gate once, in the order of their ids, and nothing else that is in KV", async () => {
  await register("c", "e", "a", "d", "b");
  await env.KV.put("answer:v1:a:b", "x");
  await env.KV.put("jwks:v1:z", "x");
  expect(await walk()).toEqual(["a", "b", "c", "d", "e"]);
});

it("goes on behind the last gate when others have come in before it", async () => {
  await register("b", "d", "f", "h", "j");
  const first = await listGates(env.KV, BEGINNING, 2);
  await register("a", "c", "e", "g");
  expect(await walk(first.next ?? BEGINNING)).toEqual(["e", "f", "g", "h", "j"]);
});

it("comes to the same place without KV's cursor, or when KV does not take it any more", async () => {
  const ids = Array.from({ length: 30 }, (_, n) => String(n).padStart(2, "0"));
  await register(...ids);
  const list = env.KV.list.bind(env.KV);
  vi.spyOn(platform, "list").mockImplementation((options) => {
    return options?.cursor === "old" ? Promise.reject(new Error("KV LIST failed: 400")) : list(options);
  });
  for (const cursor of [null, "old"]) expect(await walk({ cursor, after: "26" })).toEqual(["27", "28", "29"]);
});

it("throws when KV does not answer at all", async () => {
  vi.spyOn(platform, "list").mockRejectedValue(new Error("KV LIST failed: 503"));
  await expect(listGates(env.KV, { cursor: "c", after: "" }, 2)).rejects.toThrow("KV LIST failed: 503");
});
