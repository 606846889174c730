// What goes wrong around a gateway, and for how long: each fault is a number of calls that fail, so that every storm ends.
import { type Tap, tapped } from "../support/bindings.ts";
import { IndexWeather } from "../support/index-weather.ts";
import type { Stage } from "../support/stage.ts";
import { errorBody, json } from "../support/upstream.ts";

/** `down`: nothing is done. `mute`: it is done, and the answer is lost. */
export type Fault = {
  at: "USER_GATE" | "KV" | "index" | "DESTINATION_BREAKER" | "upstream" | "receiver" | "queue";
  mood: "down" | "mute";
  calls: number;
};

export class Weather {
  /** Runs that the upstream says it does not know. */
  readonly unknownRuns = new Set<string>();
  #faults: Fault[] = [];

  readonly bindings = (env: Env): Partial<Env> => tapped(env, this.#tap);

  add(fault: Fault): void {
    this.#faults.push({ ...fault });
  }

  clear(): void {
    this.unknownRuns.clear();
    this.#faults = [];
  }

  /** Makes the stage's other parties suffer too. */
  reign(stage: Stage): void {
    const { gateway, queue } = stage;
    gateway.upstream.behave(({ method, path }, honest) => {
      const mood = this.#findMood("upstream");
      if (mood === "down") return json(503, {});
      const id = path.split("/").at(-1) ?? "";
      if (method === "GET" && this.unknownRuns.has(id)) return json(404, errorBody(404, "not_found"));
      const answer = honest();
      return mood === null ? answer : json(503, {});
    });
    new IndexWeather(() => (this.#findMood("index") === null ? "well" : "down")).install();
    queue.rule(() => (this.#findMood("queue") === null ? "kept" : "refused"));
    stage.receive(() => {
      switch (this.#findMood("receiver")) {
        case null:
          return new Response(null, { status: 204 });
        case "down":
          throw new Error("the connection broke");
        case "mute":
          return new Response(null, { status: 404 });
      }
    });
  }

  readonly #tap: Tap = async ({ name, perform }) => {
    const mood = this.#findMood(name.split(".")[0] ?? "");
    if (mood === "down") throw new Error("down");
    const result = await perform();
    if (mood === "mute") throw new Error("the connection broke");
    return result;
  };

  #findMood(at: string): Fault["mood"] | null {
    const fault = this.#faults.find((one) => one.at === at && one.calls > 0);
    if (fault === undefined) return null;
    fault.calls -= 1;
    return fault.mood;
  }
}
