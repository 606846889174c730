// Each await on the path of a start is a place to die. Wherever a Worker is killed, a retry with the same id ends with
// one run. The places come out of counting a healthy start's calls, so a new one is covered by itself. All the deaths
// of a test happen side by side, each to a user of its own: they share one clock.
import { abortAllDurableObjects, evictAllDurableObjects } from "cloudflare:test";
import { describe, expect } from "vitest";
import { counting } from "../support/bindings.ts";
import { HOUR, MINUTE, moveClock, SECOND, stopClock } from "../support/clock.ts";
import { type Death, dyingAt } from "../support/dying.ts";
import { forgetAnswers } from "../support/forget.ts";
import { freshForEach } from "../support/fresh.ts";
import { type Answer, buildStart, type Gateway, it, makeGateway, RUN_PATH } from "../support/gateway.ts";

/** UPSTREAM_TIMEOUT_MS and five seconds. */
const LEASE_MS = 15 * SECOND;

freshForEach();

type DeathPoint = Death & { name: string };

/** One user's story: with one id, through one Worker after another, all killed but the last. */
class Story {
  readonly #gateway: Gateway;
  readonly #user = crypto.randomUUID();
  readonly #data = { idempotency_id: crypto.randomUUID() };

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  start(gateway = this.#gateway): Promise<Answer> {
    return gateway.start(this.#data, { claims: { sub: this.#user } });
  }

  /** A start by a Worker that is killed; one that has nothing left to do at that place lives. */
  async startAndDie(death: Death): Promise<void> {
    const { bindings, died } = dyingAt(death);
    const victim = await makeGateway({}, bindings, this.#gateway);
    const { response, rest } = victim.begin(
      RUN_PATH,
      buildStart(this.#data, { claims: { sub: this.#user } }),
    );
    await Promise.race([died, response.then(rest)]);
  }

  async forgetAnswers(): Promise<void> {
    await forgetAnswers(await this.#gateway.gateOf(this.#user));
  }

  get run(): string | undefined {
    return this.#gateway.upstream.runUnder(this.#data.idempotency_id);
  }
}

/** What the world is like when the Worker comes. */
type Scene = "a new id" | "an id that only KV knows";

async function prepare(scene: Scene, stories: Story[]): Promise<void> {
  if (scene === "a new id") return;
  await Promise.all(stories.map((story) => story.start()));
  await forget(stories);
}

/** The gates have made room since: KV alone knows the answers. */
async function forget(stories: Story[]): Promise<void> {
  moveClock(70 * MINUTE);
  await Promise.all(stories.map((story) => story.forgetAnswers()));
}

async function findDeathPoints(scene: Scene): Promise<DeathPoint[]> {
  stopClock();
  const gateway = await makeGateway();
  const story = new Story(gateway);
  await prepare(scene, [story]);
  const calls: string[] = [];
  await story.start(await makeGateway({}, counting(calls), gateway));
  return calls.flatMap((name, at): DeathPoint[] => [
    { name, at, when: "before" },
    { name, at, when: "after" },
  ]);
}

const DEATH_POINTS: Record<Scene, DeathPoint[]> = {
  "a new id": await findDeathPoints("a new id"),
  "an id that only KV knows": await findDeathPoints("an id that only KV knows"),
};

/** A retry after the lease, another at once, another long after. */
async function verdicts(stories: Story[]): Promise<string[]> {
  const startAll = () => Promise.all(stories.map((story) => story.start()));
  moveClock(LEASE_MS);
  const retried = await startAll();
  const replayed = await startAll();
  await evictAllDurableObjects();
  moveClock(69 * HOUR);
  const late = await startAll();
  return stories.map((story, at) => verdict(story, retried[at], [replayed[at], late[at]]));
}

function verdict(story: Story, retried: Answer | undefined, replays: (Answer | undefined)[]): string {
  if (retried?.status !== 202) return `the retry got ${retried?.status}`;
  if (retried.body.data.id !== story.run) return "there are two runs";
  const same = replays.every((replay) => replay?.status === 202 && replay.text === retried.text);
  if (!same) return "two answers differ";
  const marked = replays.every((replay) => replay?.headers.get("idempotency-replayed") === "true");
  return marked ? "one run" : "a replay was forwarded";
}

describe("the places to die", () => {
  it("on the way of a new id are at least these", () => {
    const names = DEATH_POINTS["a new id"].map(({ name }) => name);
    const least = ["USER_GATE.admit", "UPSTREAM.fetch", "USER_GATE.settle", "KV.put"];
    expect(names).toEqual(expect.arrayContaining(least));
  });

  it("on the way of an id that only KV knows are at least these", () => {
    const names = DEATH_POINTS["an id that only KV knows"].map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["USER_GATE.admit", "KV.get", "USER_GATE.learn"]));
    expect(names).not.toContain("UPSTREAM.fetch");
  });
});

const MEANWHILE: [name: string, happen: () => Promise<void>][] = [
  ["the gate lives on", async () => undefined],
  ["the gate is evicted", () => evictAllDurableObjects()],
  ["the gate crashes", () => abortAllDurableObjects()],
];

describe.each<Scene>(["a new id", "an id that only KV knows"])("on the way of %s", (scene) => {
  it.for(MEANWHILE)(
    "wherever the Worker is killed, while %s, a retry ends with one run",
    async ([, happen], { gateway }) => {
      const tale = DEATH_POINTS[scene].map((death) => ({ death, story: new Story(gateway) }));
      const stories = tale.map(({ story }) => story);
      await prepare(scene, stories);
      await Promise.all(tale.map(({ death, story }) => story.startAndDie(death)));
      await happen();
      const ends = await verdicts(stories);
      const ended = tale.map(({ death: { when, name } }, at) => `${when} ${name}: ${ends[at]}`);
      expect(ended).toEqual(tale.map(({ death: { when, name } }) => `${when} ${name}: one run`));
    },
  );
});

describe("when the retry's Worker is killed too", () => {
  it("wherever both die, the third ends with one run", async ({ gateway }) => {
    // To die before a call leaves the world as to die after the one before it does.
    const places = DEATH_POINTS["a new id"].filter(({ when }) => when === "after");
    const pairs = places.flatMap((first) => places.map((second) => ({ first, second })));
    const tale = pairs.map((pair) => ({ ...pair, story: new Story(gateway) }));
    await Promise.all(tale.map(({ first, story }) => story.startAndDie(first)));
    moveClock(LEASE_MS);
    await Promise.all(tale.map(({ second, story }) => story.startAndDie(second)));
    const ends = await verdicts(tale.map(({ story }) => story));
    const ended = tale.map(({ first, second }, at) => `${first.name}, ${second.name}: ${ends[at]}`);
    expect(ended).toEqual(tale.map(({ first, second }) => `${first.name}, ${second.name}: one run`));
  });
});
