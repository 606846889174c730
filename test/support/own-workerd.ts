// A test file that imports this, or what imports it, runs in a workerd of its own (scripts/test-projects.ts): its tests
// leave work behind in the isolate, as a Worker that dies does, or they need an isolate in which no other test has.

const ALONE = Symbol.for("edge-actions.alone");
const TAKEN = Symbol.for("edge-actions.own-workerd");
if (!Reflect.has(globalThis, ALONE)) throw new Error("this file must run in the project `alone`");
if (Reflect.has(globalThis, TAKEN)) throw new Error("another test file has run in this workerd");
Reflect.set(globalThis, TAKEN, true);
