import { describe, expect, test } from "vitest";
import { checkDestination, type DestinationRules } from "../../src/platform/outbound/destination.ts";
import { words } from "../support/words.ts";

const production: DestinationRules = { allowPrivate: false, ownHosts: ["actions.example.com"] };
const development: DestinationRules = { allowPrivate: true, ownHosts: ["127.0.0.1:8787"] };

function outcome(url: string, rules: DestinationRules): string {
  const destination = checkDestination(url, rules);
  return destination.kind === "ok" ? destination.url.href : destination.reason;
}

describe("a public https host is accepted", () => {
  test.each([
    ["https://client.example/hook", "https://client.example/hook"],
    ["https://client.example", "https://client.example/"],
    ["HTTPS://Client.Example:8443/Hook?a=%20b&c=//@d", "https://client.example:8443/Hook?a=%20b&c=//@d"],
    ["https://client.example./hook", "https://client.example./hook"],
    ["https://bücher.example/", "https://xn--bcher-kva.example/"],
    ["https://a_b.client.example/", "https://a_b.client.example/"],
    ["https://notlocalhost.example/", "https://notlocalhost.example/"],
    ["https://my-local.example/", "https://my-local.example/"],
    ["https://localhost.example/", "https://localhost.example/"],
    ["https://10.0.0.1.client.example/", "https://10.0.0.1.client.example/"],
  ])("%s", (text, href) => {
    expect(outcome(text, production)).toBe(href);
  });
});

describe("another scheme is refused", () => {
  test.each(words`
    http://client.example/hook ftp://client.example/hook file:///etc/passwd javascript:alert(1)
    data:text/plain,hello ws://client.example/ wss://client.example/ blob:https://client.example/0b6c8d1e
    mailto:hook@client.example`)("%s", (text) => {
    expect(outcome(text, production)).toBe("wrong_scheme");
  });
});

describe("what is no absolute URL, or not written as one, is refused", () => {
  test.each([
    ...words`
    hook /hook //client.example/hook client.example https:// https:///hook https:///client.example/hook
    https://? https://# https://:443/ https:client.example https:/client.example
    https://client.example:99999/ https://client..example/ https://.client.example/
    https://client.example../ https://127.0.0.1../ https://127.1../ https://./ https://client%00.example/
    https://1.2.3.4.5/ https://256.256.256.256/ https://[::1/ https://[::1%25eth0]/
    https://[2606:4700:4700::1111].example/`,
    "",
    "https:\\\\client.example\\hook",
    "https://client.example\\@127.0.0.1/",
    " https://client.example/",
    "https://client.example/\n",
    "https://cli\tent.example/",
    "https://client.example/a b",
    "https://client.example\u0000/",
    "https://client.example/\u0085",
    ...Array.from("!\"$&'()*+,;=`{}~", (character) => `https://a${character}b.client.example/`),
  ])("%j", (text) => {
    expect(outcome(text, production)).toBe("malformed");
  });
});

describe("credentials are refused, empty ones too", () => {
  test.each(words`
    https://user:password@client.example/ https://user@client.example/ https://:@client.example/
    https://@client.example/ https://client.example@127.0.0.1/ https://client.example%2f@127.0.0.1/
    https://a@b@client.example/`)("%s", (text) => {
    expect(outcome(text, production)).toBe("credentials");
  });
});

test("port 0 is refused", () => {
  expect(outcome("https://client.example:0/hook", production)).toBe("no_port");
  expect(outcome("http://127.0.0.1:0/hook", development)).toBe("no_port");
});

test("2048 characters are accepted, one more is not", () => {
  const longest = `https://client.example/${"a".repeat(2025)}`;
  expect(longest).toHaveLength(2048);
  expect(outcome(longest, production)).toBe(longest);
  expect(outcome(`${longest}a`, production)).toBe("too_long");
});

describe("a fragment changes nothing and is dropped", () => {
  test.each([
    ["https://client.example/hook#part", "https://client.example/hook"],
    ["https://client.example#@127.0.0.1/", "https://client.example/"],
    ["https://client.example/hook#", "https://client.example/hook"],
  ])("%s", (text, href) => {
    expect(outcome(text, production)).toBe(href);
  });
});

describe("the edge's own hosts are refused", () => {
  test.each(words`
    https://actions.example.com/ https://actions.example.com:8443/ https://ACTIONS.Example.COM/
    https://actions.example.com./ https://%61ctions.example.com/ https://ａctions.example.com/`)(
    "%s",
    (text) => {
      expect(outcome(text, production)).toBe("own_host");
    },
  );

  test("however they are written in the settings", () => {
    const rules = { allowPrivate: false, ownHosts: ["a.example", "Actions.Example.com.:8443"] };
    expect(outcome("https://actions.example.com/", rules)).toBe("own_host");
    expect(outcome("https://a.example:1/", rules)).toBe("own_host");
  });

  test("a neighbour is not one of them", () => {
    expect(outcome("https://www.actions.example.com/", production)).toBe("https://www.actions.example.com/");
    expect(outcome("https://example.com/", production)).toBe("https://example.com/");
    expect(outcome("https://xactions.example.com/", production)).toBe("https://xactions.example.com/");
  });
});

// Every block of addresses, from the first to the last, in every spelling: destination.property.test.ts.
describe("127.0.0.1 is refused in the oddest spellings", () => {
  test.each([
    ...words`
    127.0.0.1:8443 127.1 2130706433 127。0．0｡1 ①②⑦.0.0.1 127%2E0%2E0%2E1 127.0.0.1%2E [::ffff:127.0.0.1]`,
    "127.0\u00ad.0.1",
  ])("%s", (host) => {
    expect(outcome(`https://${host}/hook`, production)).toBe("private_host");
  });
});

describe("an address is refused in place of a name, a public one too", () => {
  test.each(words`
    0.0.0.0 10.0.0.1 169.254.169.254 255.255.255.255 8.8.8.8 1.1.1.1. [::] [::1] [2606:4700:4700::1111]
    [fe80::1] [::ffff:8.8.8.8]`)("%s", (host) => {
    expect(outcome(`https://${host}/`, production)).toBe("private_host");
  });
});

describe("a name that only a private resolver answers is refused", () => {
  test.each(words`
    localhost LOCALHOST localhost. localhost。 ℓocalhost api.localhost printer.local printer.local.
    metadata.google.internal nas.lan db.corp router.home router.home.arpa home.arpa wiki.intranet db.private
    localhost.localdomain backend backend. com`)("%s", (host) => {
    expect(outcome(`https://${host}/`, production)).toBe("private_host");
  });
});

describe("with allowPrivate", () => {
  test.each(words`
    http://127.0.0.1:9000/hook http://localhost:9000/hook https://localhost/hook http://[::1]:9000/hook
    http://10.0.0.1/ http://receiver/ https://client.example/hook`)("%s is accepted", (text) => {
    expect(outcome(text, development)).toBe(text);
  });

  test.each([
    ["ftp://127.0.0.1/", "wrong_scheme"],
    ["file:///etc/passwd", "wrong_scheme"],
    ["javascript:alert(1)", "wrong_scheme"],
    ["http://user:password@127.0.0.1:9000/", "credentials"],
    ["http:///hook", "malformed"],
    ["http://127.0.0.1../", "malformed"],
    ["http://127.0.0.1:8787/hook", "own_host"],
    ["http://127.1:8787/hook", "own_host"],
    ["https://127.0.0.1.:8787/hook", "own_host"],
  ])("%s is refused: %s", (text, reason) => {
    expect(outcome(text, development)).toBe(reason);
  });

  test("2048 characters stay the limit", () => {
    expect(outcome(`http://127.0.0.1:9000/${"a".repeat(2026)}`, development)).toMatch(/^http:/);
    expect(outcome(`http://127.0.0.1:9000/${"a".repeat(2027)}`, development)).toBe("too_long");
  });

  test("an own host without a port owns its scheme's own port", () => {
    const rules = { allowPrivate: true, ownHosts: ["gateway.example"] };
    expect(outcome("http://gateway.example:80/", rules)).toBe("own_host");
    expect(outcome("https://gateway.example:443/", rules)).toBe("own_host");
    expect(outcome("https://gateway.example:444/", rules)).toBe("https://gateway.example:444/");
  });
});

test("what escaping makes longer is measured as the caller wrote it", () => {
  expect(outcome(`https://client.example/${"é".repeat(2025)}`, production)).toHaveLength(23 + 2025 * 6);
});

test("the refusal names the rule, and nothing of the caller's or of ours", () => {
  const details = words`
    https://client.example/${"a".repeat(2048)} http://client.example/ https:// https://user@client.example/
    https://actions.example.com/ https://169.254.169.254/ https://client.example:0/`.map((text) => {
    const destination = checkDestination(text, production);
    return destination.kind === "refused" ? destination.detail : "accepted";
  });
  expect(details).toEqual([
    "must be at most 2048 characters long",
    "must be an https URL",
    "must be an absolute URL with a host, without spaces, control characters and backslashes",
    "must not contain credentials",
    "must not point to this service",
    "must name a public host, not an IP address",
    "must not have port 0",
  ]);
});
