// Where the upstream may be, by where the gateway is.
import { describe, expect, it } from "vitest";
import { findProblems } from "../support/given-settings.ts";

describe("an upstream that is no other party, is asked in plain text or has no name is refused", () => {
  const EDGE = "https://edge.example";
  const ITSELF = "must not be on the host of PUBLIC_URL: the gateway would call itself";
  const LOCAL = "must not be on localhost while PUBLIC_URL is elsewhere";
  const NAMELESS = "must name a host, not an IP address, while PUBLIC_URL is https";
  it.each([
    [EDGE, "http://up.example", "must be https while PUBLIC_URL is https"],
    [EDGE, "https://edge.example/base", ITSELF],
    [EDGE, "https://EDGE.example:443", ITSELF],
    [EDGE, "https://edge.example:8443", ITSELF],
    [`${EDGE}:8443`, EDGE, ITSELF],
    [EDGE, "https://edge.example./", ITSELF],
    ["http://127.0.0.1:8787", "http://127.0.0.1:8787/base", ITSELF],
    [EDGE, "https://localhost", LOCAL],
    [EDGE, "https://up.localhost.:8443/base", LOCAL],
    [EDGE, "https://127.1:8443", LOCAL],
    [EDGE, "https://[::1]", LOCAL],
    [EDGE, "https://203.0.113.7", NAMELESS],
    [EDGE, "https://0xcb007107:8443/base", NAMELESS],
    [EDGE, "https://[2001:db8::7]", NAMELESS],
  ])("of PUBLIC_URL %s: %s", (PUBLIC_URL, UPSTREAM_URL, problem) => {
    expect(findProblems({ PUBLIC_URL, UPSTREAM_URL })).toEqual([`UPSTREAM_URL ${problem}`]);
  });

  it.each([
    [EDGE, "https://up.example"],
    [EDGE, "https://up.edge.example"],
    [EDGE, "https://localhost.example"],
    [EDGE, "https://127.0.0.1.example"],
    ["http://127.0.0.1:8787", "http://127.0.0.1:9000"],
    ["http://edge.example:8787", "http://localhost:9000"],
    ["https://localhost:8787", "https://localhost:9000"],
  ])("and not, of PUBLIC_URL %s: %s", (PUBLIC_URL, UPSTREAM_URL) => {
    expect(findProblems({ PUBLIC_URL, UPSTREAM_URL })).toEqual([]);
  });
});
