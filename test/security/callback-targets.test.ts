// SECURITY-CASES, Callback targets, at the start: no caller makes the edge promise a call to anything but a public
// https host. Each spelling goes in as JSON text, so that escapes and odd characters are the caller's own.
import { beforeAll, describe, expect, it } from "vitest";
import { type Gateway, makeGateway } from "../support/gateway.ts";
import { words } from "../support/words.ts";
import { Attacker, itAddsUp, post } from "./bench.ts";

const counts = { refused: 0, served: 0 };
let production: Gateway;
let attacker: Attacker;
let developer: Attacker;

beforeAll(async () => {
  production = await makeGateway({ PUBLIC_URL: "https://actions.example.com" });
  attacker = new Attacker(production, counts);
  // Requests come in at 127.0.0.1:8787, whatever PUBLIC_URL says.
  const local = { PUBLIC_URL: "http://edge.example:8080", ALLOW_PRIVATE_CALLBACKS: "true" };
  developer = new Attacker(await makeGateway(local), counts);
});

/** The refused target, and a twin to a host that may be called, under one id. */
async function expectTargetRefused(
  text: string,
  { by = attacker, twin = "https://client.example/hook" } = {},
): Promise<void> {
  const id = crypto.randomUUID();
  await by.tryStart(id, {
    post: post(startTo(id, JSON.stringify(text))),
    status: 400,
    source: { pointer: "/data/callback_url" },
    twin: post(startTo(id, JSON.stringify(twin))),
  });
}

describe("another scheme", () => {
  it.each([
    ...words`
    http://client.example/hook HTTP://client.example/hook http://client.example:443/
    ftp://client.example/hook file:///etc/passwd file://client.example/hook javascript:alert(1)
    data:application/json,{} blob:https://client.example/0b6c8d1e ws://client.example/ wss://client.example/
    gopher://client.example/ dict://client.example/ ldap://client.example/ mailto:hook@client.example
    about:blank view-source:https://client.example/ https+unix://client.example/ xhttps://client.example/`,
    "https\u0000://client.example/",
  ])("%j is refused", (text) => expectTargetRefused(text));
});

describe("credentials", () => {
  it.each(words`
    https://user:password@client.example/ https://user@client.example/ https://:password@client.example/
    https://@client.example/ https://:@client.example/ https://client.example@127.0.0.1/
    https://client.example:443@127.0.0.1/ https://client.example%2f@127.0.0.1/
    https://client.example%23@127.0.0.1/ https://a@b@client.example/
    https://127.0.0.1%40client.example@client.example/`)("%s are refused", (text) =>
    expectTargetRefused(text),
  );
});

describe("what is no plain absolute URL", () => {
  it.each([
    ...words`
    hook /hook //client.example/hook client.example https https: https:/ https:// https:/// https:///hook
    https:///client.example/hook https://? https://# https://:443/ https://. https://.. https://[]/
    https://[::1/ https:client.example https:/client.example https://client.example:port/
    https://client.example:99999/ https://client.example:-1/ https://client..example/
    https://.client.example/ https://client.example../ https://client%00.example/ https://client<.example/
    https://xn--/ https://1.2.3.4.5/ https://256.256.256.256/ https://[::1%25eth0]/ https://[127.0.0.1]/`,
    "",
    " ",
    "https:\\\\client.example\\hook",
    "https:/\\client.example/",
    "https://client.example\\@127.0.0.1/",
    "https://client.example\\.evil.example/",
    " https://client.example/",
    "https://client.example/ ",
    "https://client.example/\n",
    "\thttps://client.example/",
    "ht\ntps://client.example/",
    "https://cli\tent.example/",
    "https://client.example/\r\nHost: 127.0.0.1",
    "https://client.example/a b",
    "https://client.example/\u0000",
    "https://client.example\u0000/",
    "https://cli ent.example/",
  ])("%j is refused", (text) => expectTargetRefused(text));
});

describe("the edge's own hosts", () => {
  it.each([
    ...words`
    https://actions.example.com https://actions.example.com/completions/x https://actions.example.com:443/
    https://actions.example.com:8443/ https://actions.example.com:80/ https://ACTIONS.Example.COM/
    https://actions.example.com./ https://actions.example.com.:8443/ https://actions。example．com/
    https://%61ctions.example.com/ https://actions%2Eexample%2Ecom/ https://ａctions.example.com/`,
    "https://actions.exam\u00adple.com/",
    "https://actions.exampl\u212F.com/",
  ])("%s are refused", (text) => expectTargetRefused(text));

  it.each(words`
    http://edge.example:8080/hook http://127.0.0.1:8787/hook http://127.0.0.1:8787 http://127.1:8787/
    http://0x7f.1:8787/ http://2130706433:8787/ http://127.0.0.1.:8787/ https://127.0.0.1:8787/
    http://１２７.0.0.1:8787/`)("in development too, where their port tells them apart: %s", (text) =>
    expectTargetRefused(text, { by: developer, twin: "http://127.0.0.1:9000/hook" }),
  );
});

describe("127.0.0.1 in every spelling", () => {
  it.each([
    ...words`
    127.0.0.1 127.0.0.1:8443 127.0.0.1. 127.1 127.0.1 127.1. 0x7f.1 0x7F.0x0.0x0.0x1 0x7f000001 0x7f.0.0.1
    0177.0.0.1 0177.1 0177.0x0.1 017700000001 00000177.0.0.1 2130706433 127.0.0.01 127.255.255.254 127.0.0.2
    １２７.0.0.1 １２７．０．０．１ 127。0．0｡1 ①②⑦.0.0.1 𝟙𝟚𝟟.0.0.1 %31%32%37.0.0.1 %31%32%37%2E%30%2E%30%2E%31
    127%2E0%2E0%2E1 127.0.0.1%2E [::ffff:127.0.0.1] [::FFFF:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1]
    [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::7f00:1] [2002:7f00:1::]
    [2002:7f00:1::1]`,
    "127.0\u00ad.0.1",
    "127.0\u200b.0.1",
  ])("%s is refused", (host) => expectTargetRefused(`https://${host}/hook`));
});

describe("an address in place of a name, a public one too", () => {
  it.each(words`
    0.0.0.0 0 0.0.0.1 0x0 10.0.0.0 10.255.255.255 012.1.2.3 100.64.0.0 100.127.255.255 169.254.0.0
    169.254.169.254 0xa9fea9fe 2852039166 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.255
    192.0.2.0 192.0.2.255 192.168.0.0 192.168.255.255 192.168.257 198.18.0.0 198.19.255.255 198.51.100.0
    198.51.100.255 203.0.113.0 203.0.113.255 224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.255 4294967295
    [::] [::1] [0:0:0:0:0:0:0:1] [::ffff:10.0.0.1] [::ffff:169.254.169.254] [::ffff:8.8.8.8]
    [64:ff9b::a9fe:a9fe] [2002:a9fe:a9fe::] [fe80::] [fe80::1] [febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff]
    [fec0::1] [fc00::] [fd00:ec2::254] [fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff] [ff00::] [ff02::1]
    [2001:db8::] [2001:db8:ffff:ffff:ffff:ffff:ffff:ffff] [100::1] [2001::1] [4000::1] 8.8.8.8 8.8.8.8.
    [2606:4700:4700::1111]`)("%s is refused", (host) => expectTargetRefused(`https://${host}/hook`));
});

describe("a name that only a private resolver answers", () => {
  it.each(words`
    localhost LOCALHOST localhost. localhost:8443 localhost。 ℓocalhost %6cocalhost api.localhost
    a.b.localhost. printer.local PRINTER.LOCAL. metadata.google.internal metadata.google.internal. internal
    backend backend. metadata com`)("%s is refused", (host) => expectTargetRefused(`https://${host}/hook`));
});

describe("length", () => {
  it.each([2049, 4096, 100_000])("%i characters are refused, 2048 are served", (length) =>
    expectTargetRefused(long(length), { twin: long(2048) }),
  );

  it("counted as characters, however many JSON takes to write them", async () => {
    const id = crypto.randomUUID();
    await attacker.tryStart(id, {
      post: post(startTo(id, written(long(2049)))),
      status: 400,
      source: { pointer: "/data/callback_url" },
      twin: post(startTo(id, written(long(2048)))),
    });
  });
});

describe("a target written with JSON's escapes is judged by what it says", () => {
  it.each([
    String.raw`"https:\/\/127.0.0.1\/"`,
    String.raw`"https://\u0031\u0032\u0037.0.0.1/"`,
    String.raw`"\u0068ttp://client.example/"`,
    String.raw`"https://localhost\u002f"`,
    String.raw`"https://client.example\u005c@127.0.0.1/"`,
    String.raw`"https://client.example/\ud800\n"`,
  ])("%s is refused", async (json) => {
    const id = crypto.randomUUID();
    await attacker.tryStart(id, {
      post: post(startTo(id, json)),
      status: 400,
      source: { pointer: "/data/callback_url" },
      twin: post(startTo(id, String.raw`"https:\/\/\u0063lient.example\u002fhook"`)),
    });
  });
});

describe("a target that is refused for a stored action is refused for a one-off run", () => {
  it.each(["http://client.example/", "https://127.0.0.1/", "https://actions.example.com/"])(
    "%s",
    async (text) => {
      const id = crypto.randomUUID();
      await attacker.tryStart(id, {
        path: "/actions/v1/runs",
        post: post(startTo(id, JSON.stringify(text))),
        status: 400,
        source: { pointer: "/data/callback_url" },
        twin: post(startTo(id, '"https://client.example/"')),
      });
    },
  );
});

describe("a public https host is accepted", () => {
  it.each(words`
    https://client.example https://client.example:8443/hook?a=%20b&c=//@d HTTPS://Client.Example/Hook
    https://client.example./hook https://client.example/hook#part https://bücher.example/
    https://localhost.example/ https://10.0.0.1.client.example/
    https://127.0.0.1.client.example/ https://www.actions.example.com/
    https://actions.example.com.client.example/ https://example.com/
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

itAddsUp(counts, { refused: 234, served: 247 });

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
