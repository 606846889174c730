import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { API_TYPES, makeApiTypes } from "../../scripts/api-types.ts";

it("the client's types are those of the contract: `npm run types` makes them again", async () => {
  expect(readFileSync(API_TYPES, "utf8") === (await makeApiTypes())).toBe(true);
});
