import { describe, expect, it } from "vitest";
import { uuidV5 } from "../../src/platform/uuid-v5.ts";

/** RFC 9562, section 6.6. */
const DNS = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
const URLS = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";

describe("a UUID version 5", () => {
  it.each([
    { namespace: DNS, name: "www.example.com", uuid: "2ed6657d-e927-568b-95e1-2665a8aea6a2" },
    { namespace: DNS.toUpperCase(), name: "www.example.com", uuid: "2ed6657d-e927-568b-95e1-2665a8aea6a2" },
    { namespace: DNS, name: "", uuid: "4ebd0208-8328-5d69-8c44-ec50939c0967" },
    { namespace: URLS, name: "https://例え.example/ü", uuid: "f0e5104e-4a60-57f1-b327-067769519073" },
  ])("of $name in $namespace is $uuid", async ({ namespace, name, uuid }) => {
    expect(await uuidV5(namespace, name)).toBe(uuid);
  });
});
