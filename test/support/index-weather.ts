// The operators' index (D1) in the tests' hands, for Worker and gates alike: it can be down, never answer, or
// do what it is asked and fail all the same (`mute`).
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { never } from "./bindings.ts";

/** The platform's own, by name. */
const REAL = new Map<string, unknown>();

type Mood = "well" | "down" | "hangs" | "mute";

export class IndexWeather {
  mood: Mood = "well";
  /** When it was asked anything, in order. */
  readonly askedAtMs: number[] = [];

  readonly #moodOfCall: (method: string) => Mood;

  /** `moodOfCall`: for each call, in place of `mood`. */
  constructor(moodOfCall?: (method: string) => Mood) {
    this.#moodOfCall = moodOfCall ?? (() => this.mood);
  }

  /** Until the mocks are restored. */
  install(): this {
    const database: D1Database = Object.getPrototypeOf(env.OPERATORS_DB);
    const statement: D1PreparedStatement = Object.getPrototypeOf(env.OPERATORS_DB.prepare("SELECT 1"));
    this.#stand(database, "batch");
    for (const method of ["first", "run", "all", "raw"] as const) this.#stand(statement, method);
    return this;
  }

  #stand<Name extends string>(target: Record<Name, unknown>, method: Name): void {
    // Of weathers one after the other, the last one reigns.
    const real = REAL.get(method) ?? target[method];
    if (typeof real !== "function") throw new Error(`${method} is no method`);
    REAL.set(method, real);
    const moodOfCall = () => {
      const mood = this.#moodOfCall(method);
      if (mood !== "well") this.askedAtMs.push(Date.now());
      return mood;
    };
    const stand = async function (this: object, ...args: unknown[]): Promise<unknown> {
      const mood = moodOfCall();
      if (mood === "down") throw new Error("D1_ERROR: storage operation exceeded timeout");
      if (mood === "hangs") return never();
      const result: unknown = await Reflect.apply(real, this, args);
      if (mood === "mute") throw new Error("D1_ERROR: the connection was lost");
      return result;
    };
    vi.spyOn(target as Record<string, () => unknown>, method).mockImplementation(stand);
  }
}
