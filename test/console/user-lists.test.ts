// The lists on a user's page that are longer than a page.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import { gateId } from "../../src/gate/address.ts";
import { GateStore } from "../../src/gate/store/gate-store.ts";
import type { UserView } from "../../src/operators/views.ts";
import { DAY, stopClock } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { type Gateway, makeGateway } from "../support/gateway.ts";
import { times } from "../support/times.ts";
import { ask, keepRuns } from "./bench.ts";

const CLAIM = { status: "settled", fingerprint: "f", answer: { status: 202, body: "{}" } } as const;

let gateway: Gateway;
let alice: string;

freshForEach();
beforeEach(async () => {
  stopClock();
  gateway = await makeGateway();
  alice = await buildUserKey("https://login.example", "alice");
});

/** All pages of one of the lists. */
async function readAll(list: "open" | "claims"): Promise<{ ids: string[]; sizes: number[] }> {
  const [ids, sizes]: [string[], number[]] = [[], []];
  for (let cursor: string | null = ""; cursor !== null && sizes.length < 9; ) {
    const { text } = await ask(gateway, `/users/${alice}${cursor && `?${list}_cursor=${cursor}`}`);
    const view: UserView = JSON.parse(text);
    const page =
      list === "open"
        ? view.open_runs.map((run) => run.run_key)
        : view.claims.map((claim) => claim.idempotency_id);
    ids.push(...page);
    sizes.push(page.length);
    cursor = list === "open" ? view.open_next_cursor : view.claims_next_cursor;
  }
  return { ids, sizes };
}

it("a user's open runs go on by when they are due, each once", async () => {
  await keepRuns(450, { terms: { userKey: alice }, fate: "waiting" });
  const { ids, sizes } = await readAll("open");
  expect([sizes, new Set(ids).size]).toEqual([[200, 200, 50], 450]);
});

it("a user's claims go on from day to day, each once", async () => {
  await keepRuns(1, { terms: { userKey: alice } });
  const nowMs = Date.now();
  const gate = env.USER_GATE.get(gateId(env.USER_GATE, alice));
  await runInDurableObject(gate, (_gate, { storage }) => {
    const { answers } = new GateStore(storage);
    for (const n of times(450, (at) => at)) {
      const atMs = nowMs - (n % 2) * DAY;
      answers.put(crypto.randomUUID(), { ...CLAIM, settledAtMs: atMs }, atMs);
    }
  });
  // It reads which tables there are when it starts.
  await evict(gate);
  const { ids, sizes } = await readAll("claims");
  expect([sizes, new Set(ids).size]).toEqual([[200, 200, 50], 450]);
});

it.each(["open_cursor", "claims_cursor"])("a bad %s is refused by name", async (name) => {
  const { status, body } = await ask(gateway, `/users/${alice}?${name}=x`);
  expect([status, body.errors[0]?.source]).toEqual([400, { parameter: name }]);
});
