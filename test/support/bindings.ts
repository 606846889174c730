// Between the Worker and its bindings: every call that the Worker makes of any of them goes through one function, so
// that a test can count, fail, hold or lose it. A binding that is added later is tapped too, whatever its kind.

export type BindingCall = {
  /** `USER_GATE.admit`, `KV.get`, `UPSTREAM.fetch` … */
  name: string;
  args: unknown[];
  /** Makes the call. */
  perform: () => Promise<unknown>;
};

/** Answers a call of a binding in its place. */
export type Tap = (call: BindingCall) => Promise<unknown>;

/** The same environment, every binding in it tapped. */
export function tapped(env: Env, tap: Tap): Partial<Env> {
  const bindings = Object.entries(env).map(([name, binding]) => [name, tapBinding(name, binding, tap)]);
  return Object.fromEntries(bindings);
}

/** Counts the calls by name. */
export function counting(calls: string[]): (env: Env) => Partial<Env> {
  return (env) =>
    tapped(env, ({ name, perform }) => {
      calls.push(name);
      return perform();
    });
}

/** Answers the calls of one name by `instead`; the others go on. */
export function replacing(name: string, instead: Tap): (env: Env) => Partial<Env> {
  return (env) => tapped(env, (call) => (call.name === name ? instead(call) : call.perform()));
}

/** Fails, as the platform does, every call whose name matches. */
export function failing(
  names: RegExp,
  error: () => Error = () => new Error("down"),
): (env: Env) => Partial<Env> {
  return (env) =>
    tapped(env, ({ name, perform }) => (names.test(name) ? Promise.reject(error()) : perform()));
}

/** Makes the first call of one name, and loses its answer, as the platform does when it moves an object. */
export function losingAnswer(name: string): (env: Env) => Partial<Env> {
  let hasThrown = false;
  return replacing(name, async ({ perform }) => {
    const answer = await perform();
    if (hasThrown) return answer;
    hasThrown = true;
    throw Object.assign(new Error("the object was moved"), { retryable: true });
  });
}

export function never(): Promise<never> {
  return new Promise(() => undefined);
}

function tapBinding(name: string, binding: unknown, tap: Tap): unknown {
  if (typeof binding !== "object" || binding === null) return binding;
  return isNamespace(binding) ? tapNamespace(name, binding, tap) : tapMethods(name, binding, tap);
}

// By its kind: a service that takes calls of any name would claim to have "idFromName" too.
function isNamespace(binding: object): binding is DurableObjectNamespace {
  return Object.prototype.toString.call(binding) === "[object DurableObjectNamespace]";
}

// Naming an object costs nothing; calling it does.
function tapNamespace(name: string, namespace: DurableObjectNamespace, tap: Tap): unknown {
  const tapStub = (stub: object) => tapMethods(name, stub, tap);
  return new Proxy(namespace, {
    get(target, member) {
      if (member === "get") return (id: DurableObjectId) => tapStub(target.get(id));
      if (member === "getByName") return (objectName: string) => tapStub(target.getByName(objectName));
      return bound(target, member);
    },
  });
}

function tapMethods(name: string, target: object, tap: Tap): unknown {
  return new Proxy(target, {
    get(_target, member) {
      const method = bound(target, member);
      if (typeof method !== "function" || typeof member === "symbol") return method;
      // A point is sent and forgotten: there is nothing to hold or to lose, and no answer (points.ts counts them).
      if (member === "writeDataPoint") return method;
      if (member === "prepare") return (...args: unknown[]) => tapStatement(name, method(...args), tap);
      return (...args: unknown[]) =>
        tap({ name: `${name}.${member}`, args, perform: async () => await method(...args.map(untapped)) });
    },
  });
}

const statements = new WeakMap<object, object>();

// To prepare a statement and to bind its values calls nothing yet; to run it does.
function tapStatement(name: string, statement: object, tap: Tap): unknown {
  const proxy = new Proxy(statement, {
    get(_target, member) {
      const method = bound(statement, member);
      if (typeof method !== "function" || typeof member === "symbol") return method;
      if (member === "bind") return (...args: unknown[]) => tapStatement(name, method(...args), tap);
      return (...args: unknown[]) =>
        tap({ name: `${name}.${member}`, args, perform: async () => await method(...args) });
    },
  });
  statements.set(proxy, statement);
  return proxy;
}

/** A batch takes statements of its own kind only. */
function untapped(argument: unknown): unknown {
  if (Array.isArray(argument)) return argument.map(untapped);
  return typeof argument === "object" && argument !== null
    ? (statements.get(argument) ?? argument)
    : argument;
}

// Native objects do not work through a Proxy as `this`.
function bound(target: object, member: string | symbol): unknown {
  const value: unknown = Reflect.get(target, member, target);
  return typeof value === "function" ? (...args: unknown[]) => Reflect.apply(value, target, args) : value;
}
