// A Worker that is killed: at one of its calls it stops, and nothing of it runs any more, neither catch nor finally.
// A Worker reaches the world through its bindings alone, so one whose every call hangs from then on is as good as dead.
import { type BindingCall, never, tapped } from "./bindings.ts";
import "./own-workerd.ts";

export type Death = {
  /** The call that it dies at; the first is 0. */
  at: number;
  /** Before the call was made, or when it had been carried out and its answer was on its way. */
  when: "before" | "after";
};

export type Dying = {
  bindings: (env: Env) => Partial<Env>;
  /** It is dead, and what it had asked of others before is done. */
  died: Promise<void>;
};

export function dyingAt({ at, when }: Death): Dying {
  let calls = 0;
  return dyingWhen(() => (calls++ === at ? when : null));
}

/** It dies at the first call that this says so of. */
export function dyingWhen(judge: (call: BindingCall) => Death["when"] | null): Dying {
  const { promise: died, resolve } = Promise.withResolvers<void>();
  const asked: Promise<unknown>[] = [];
  let dead = false;
  const die = (): Promise<never> => {
    dead = true;
    void Promise.allSettled(asked).then(() => resolve());
    return never();
  };
  const bindings = (env: Env) =>
    tapped(env, async (call) => {
      if (dead) return never();
      const death = judge(call);
      if (death === "before") return die();
      const result = call.perform();
      asked.push(result);
      if (death === "after") return result.then(die);
      // A Worker that died meanwhile hears of no result.
      return result.then((value) => (dead ? never() : value));
    });
  return { bindings, died };
}
