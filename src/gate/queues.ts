// Which queue a gate's messages go through. One queue takes 5,000 messages a second; more of them are a matter of
// configuration: the bindings RUNS, RUNS_2, RUNS_3 and so on share the gates between them.

/** A gate's queue: `gate` is its object id in hexadecimal, whose digits are spread evenly. */
export function queueOf(env: { RUNS: Queue }, gate: string): Queue {
  const queues = queuesIn(env);
  return queues[Number.parseInt(gate.slice(0, 8), 16) % queues.length] ?? env.RUNS;
}

const known = new WeakMap<object, readonly Queue[]>();

function queuesIn(env: { RUNS: Queue }): readonly Queue[] {
  const found = known.get(env) ?? findQueues(env);
  known.set(env, found);
  return found;
}

function findQueues(env: { RUNS: Queue }): readonly Queue[] {
  const queues = [env.RUNS];
  for (;;) {
    const next: unknown = Reflect.get(env, `RUNS_${queues.length + 1}`);
    if (!isQueue(next)) return queues;
    queues.push(next);
  }
}

function isQueue(binding: unknown): binding is Queue {
  return typeof binding === "object" && binding !== null && "sendBatch" in binding;
}
