// docs/security.md, Callback targets, at the start: no caller makes the edge promise a call to anything but a public
// https host. Each spelling goes in as JSON text, so that escapes and odd characters are the caller's own.
import { describe, expect, it } from "vitest";
import { makeGateway } from "../support/gateway.ts";
import { words } from "../support/words.ts";
import { Attacker, itAddsUp, post } from "./bench.ts";

const counts = { refused: 0, served: 0 };
const production = await makeGateway({ PUBLIC_URL: "https://actions.example.com" });
const attacker = new Attacker(production, counts);
// Requests come in at 127.0.0.1:8787, whatever PUBLIC_URL says.
const local = { PUBLIC_URL: "http://edge.example:8080", ALLOW_PRIVATE_CALLBACKS: "true" };
const developer = new Attacker(await makeGateway(local), counts);

/** A few of each kind, and what only the start can tell. Every spelling: test/callbacks/destination.test.ts. */
describe("a target that is no public https host", () => {
  it.each([
    ...words`
    http://client.example/hook HTTP://client.example/hook ftp://client.example/hook file:///etc/passwd
    javascript:alert(1) gopher://client.example/ ldap://client.example/ about:blank xhttps://client.example/
    view-source:https://client.example/ https://user:password@client.example/ https://@client.example/
    https://client.example:443@127.0.0.1/ https://127.0.0.1%40client.example@client.example/ hook
    https:///hook https://client.example:port/ https://client<.example/ https://xn--/ https://[127.0.0.1]/`,
    "https\u0000://client.example/",
    "",
    " https://client.example/",
    "\thttps://client.example/",
    "ht\ntps://client.example/",
    "https:/\\client.example/",
    "https://client.example/\r\nHost: 127.0.0.1",
    "https://client.example/a b",
    "https://client.example/\u0000",
  ])("%j is refused", (text) => expectTargetRefused(text));

  it.each([
    ...words`
    127.0.0.1 127.0.0.1. 127.1 0x7f.1 0177.0.0.1 00000177.0.0.1 2130706433 127.0.0.2 １２７．０．０．１ 𝟙𝟚𝟟.0.0.1
    %31%32%37%2E%30%2E%30%2E%31 [::ffff:127.0.0.1] [64:ff9b::127.0.0.1] [2002:7f00:1::1] 0 0x0 0.0.0.0 10.0.0.0
    012.1.2.3 100.64.0.0 169.254.169.254 0xa9fea9fe 2852039166 172.16.0.0 192.0.0.0 192.0.2.0 192.168.257
    198.18.0.0 198.51.100.0 203.0.113.0 224.0.0.0 240.0.0.0 4294967295 [::] [::1] [::ffff:169.254.169.254]
    [64:ff9b::a9fe:a9fe] [2002:a9fe:a9fe::] [fe80::1] [fd00:ec2::254] [ff02::1] [2001:db8::] [4000::1]
    localhost %6cocalhost a.b.localhost. PRINTER.LOCAL. metadata.google.internal internal backend`,
    "127.0\u200b.0.1",
  ])("%s is refused", (host) => expectTargetRefused(`https://${host}/hook`));
});

describe("the edge's own hosts", () => {
  it.each([
    ...words`
    https://actions.example.com https://actions.example.com:8443/ https://ACTIONS.Example.COM/
    https://actions.example.com./ https://actions。example．com/ https://actions%2Eexample%2Ecom/`,
    "https://actions.exam\u00adple.com/",
    "https://actions.exampl\u212F.com/",
  ])("%s are refused", (text) => expectTargetRefused(text));

  it.each(words`
    http://edge.example:8080/hook http://127.0.0.1:8787 http://0x7f.1:8787/ https://127.0.0.1:8787/`)(
    "in development too, where their port tells them apart: %s",
    (text) => expectTargetRefused(text, { by: developer, twin: "http://127.0.0.1:9000/hook" }),
  );
});

it("the upstream's own host is refused, though the upstream would answer", async () => {
  const gateway = await makeGateway({ UPSTREAM_URL: "https://up.example/base" });
  for (const url of ["https://up.example/hook", "https://UP.example.:8443/"]) {
    const { status, body } = await gateway.start({ callback_url: url });
    expect([status, body.errors[0].source]).toEqual([400, { pointer: "/data/callback_url" }]);
  }
});

describe("length", () => {
  it("2049 characters are refused, 2048 are served", () =>
    expectTargetRefused(long(2049), { twin: long(2048) }));

  it("counted as characters, however many JSON takes to write them", () =>
    expectJsonRefused(written(long(2049)), written(long(2048))));
});

describe("a target written with JSON's escapes is judged by what it says", () => {
  it.each([
    String.raw`"https:\/\/127.0.0.1\/"`,
    String.raw`"https://\u0031\u0032\u0037.0.0.1/"`,
    String.raw`"\u0068ttp://client.example/"`,
    String.raw`"https://client.example\u005c@127.0.0.1/"`,
    String.raw`"https://client.example/\ud800\n"`,
  ])("%s is refused", (json) =>
    expectJsonRefused(json, String.raw`"https:\/\/\u0063lient.example\u002fhook"`),
  );
});

it("a target that is refused for a stored action is refused for a one-off run", () =>
  expectTargetRefused("https://127.0.0.1/", { path: "/actions/v1/runs" }));

describe("a public https host is accepted", () => {
  it.each(words`
    https://client.example:8443/hook?a=%20b&c=//@d HTTPS://Client.Example/Hook https://client.example./hook#part
    https://bücher.example/
    https://www.actions.example.com/ https://actions.example.com.client.example/
    https://client.example/?url=http://127.0.0.1/`)("%s", async (text) => {
    const id = crypto.randomUUID();
    const claims = { sub: `user-${id}` };
    const answer = await production.start({ callback_url: text, idempotency_id: id }, { claims });
    expect(answer.status).toBe(202);
    expect(production.upstream.runUnder(id)).toBe(answer.body.data.id);
    counts.served += 1;
  });
});

it("a name that resolves to a private address is left to the platform: its flag is set", () => {
  expect(Cloudflare.compatibilityFlags["global_fetch_strictly_public"]).toBe(true);
});

itAddsUp(counts, { refused: 100, served: 107 });

type How = { by?: Attacker; twin?: string; path?: string };

/** The refused target, and a twin to a host that may be called, under one id. */
function expectTargetRefused(
  text: string,
  { twin = "https://client.example/hook", ...how }: How = {},
): Promise<void> {
  return expectJsonRefused(JSON.stringify(text), JSON.stringify(twin), how);
}

function expectJsonRefused(json: string, twin: string, { by = attacker, ...how }: How = {}) {
  return by.tryStart((id) => ({
    ...how,
    post: post(startTo(id, json)),
    status: 400,
    source: { pointer: "/data/callback_url" },
    twin: post(startTo(id, twin)),
  }));
}

function long(characters: number): string {
  return `https://client.example/${"a".repeat(characters - 23)}`;
}

/** Six characters of JSON for each of the URL's letters. */
function written(url: string): string {
  return JSON.stringify(url).replaceAll("a", "\\u0061");
}

function startTo(id: string, callbackUrlJson: string): string {
  return `{"data":{"idempotency_id":"${id}","callback_url":${callbackUrlJson},"inputs":{}}}`;
}
