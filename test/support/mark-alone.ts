// Runs before each test file of the project `alone`: own-workerd.ts looks for the mark.
Reflect.set(globalThis, Symbol.for("edge-actions.alone"), true);
