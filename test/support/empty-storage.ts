// One workerd runs many files, and each finds the storage as a new one has it.
import { reset } from "cloudflare:test";
import { beforeAll } from "vitest";

beforeAll(async () => {
  await reset();
});
