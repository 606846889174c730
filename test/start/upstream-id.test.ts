import { expect, it } from "vitest";
import { buildUpstreamId } from "../../src/start/upstream-id.ts";

const [ALICE, BOB] = [
  "lPlCpmHL-rwC7V-FmTGs1YCBKQoiq2r1GDAfRoVWLpM",
  "J0esr3vIllal70axQeu36zFsXRV4hu6aI0QszSsPyGQ",
];

// Written out: a retry after a deployment must reach the upstream under the id of the first request.
it.each([
  { user: ALICE, id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11", made: "068b60a7-5cb4-559a-97ea-b65dc7da6945" },
  { user: BOB, id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11", made: "07883fb6-9050-53ee-8717-4c6cce8c894e" },
])("of $user and $id, the upstream's id is $made, in every version of the gateway", async (row) => {
  expect(await buildUpstreamId(row.user, row.id)).toBe(row.made);
});
