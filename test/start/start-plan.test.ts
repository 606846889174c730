import { describe, expect, it } from "vitest";
import { buildFingerprint, buildUpstreamIdempotencyId } from "../../src/start/start-plan.ts";

describe("the fingerprint of a run", () => {
  it("is the SHA-256 of path and text", async () => {
    // printf '/actions/v1/runs\n{"data":{}}' | openssl dgst -sha256 -binary | basenc --base64url
    expect(await buildFingerprint("/actions/v1/runs", '{"data":{}}')).toBe(
      "MvUpi5MwnMFgSQjBgZxvTSagAtVqmsw0F-SgOwsogqE",
    );
  });

  it.each([
    { name: "a number's last digit", path: "/p", text: '{"data":{"inputs":{"n":1.10}}}' },
    { name: "a blank", path: "/p", text: '{"data":{"inputs":{"n": 1.1}}}' },
    { name: "the path", path: "/q", text: '{"data":{"inputs":{"n":1.1}}}' },
  ])("differs by $name", async ({ path, text }) => {
    expect(await buildFingerprint(path, text)).not.toBe(
      await buildFingerprint("/p", '{"data":{"inputs":{"n":1.1}}}'),
    );
  });
});

const [ALICE, BOB] = [
  "lPlCpmHL-rwC7V-FmTGs1YCBKQoiq2r1GDAfRoVWLpM",
  "J0esr3vIllal70axQeu36zFsXRV4hu6aI0QszSsPyGQ",
];

// Written out: a retry after a deployment must reach the upstream under the id of the first request.
it.each([
  { user: ALICE, id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11", sent: "068b60a7-5cb4-559a-97ea-b65dc7da6945" },
  { user: BOB, id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11", sent: "07883fb6-9050-53ee-8717-4c6cce8c894e" },
])("of $user and $id, the upstream's id is $sent, in every version of the gateway", async (row) => {
  expect(await buildUpstreamIdempotencyId(row.user, row.id)).toBe(row.sent);
});
