// What operators type or paste into a search, and what it is taken for.
import { describe, expect, it } from "vitest";
import { parseRunId, parseTypedHost, parseUserKey } from "../../src/console/shell/typed.ts";

const RUN = "3985f288-b8bb-46b0-bc42-83eb0cf7d890";
const ACTION = "00000000-0000-4000-8000-000000000001";
const USER = "lPlCpmHL-rwC7V-FmTGs1YCBKQoiq2r1GDAfRoVWLpM";
const API = "https://edge.example/actions/v1/stored-actions";

describe("a run id", () => {
  it.each([
    ["as it is", RUN],
    ["with blanks around", ` \t${RUN}\n`],
    ["in upper case", RUN.toUpperCase()],
    ["in quotes", `"${RUN}",`],
    ["without hyphens", RUN.replaceAll("-", "")],
    ["in a URL of the console", `http://127.0.0.1:8787/console/runs/${RUN}?user=${USER}`],
    ["in a URL of the API, behind its action's", `${API}/${ACTION}/runs/${RUN}/deliveries`],
    ["before another id in a URL", `${API}/${ACTION}/runs/${RUN}?x=${ACTION}`],
    ["behind another id in a line of the log", `action ${ACTION} run ${RUN}`],
  ])("%s is found", (_name, typed) => {
    expect(parseRunId(typed)).toEqual({ id: RUN, isWhole: true });
  });

  it.each([
    ["3985f288", "3985f288"],
    [" 3985F288- ", "3985f288"],
    ["3985f288b8", "3985f288-b8"],
    ["3985f288-b8bb-46b0-bc42-83eb0cf7d89", "3985f288-b8bb-46b0-bc42-83eb0cf7d89"],
  ])("%o is the beginning of one", (typed, id) => {
    expect(parseRunId(typed)).toEqual({ id, isWhole: false });
  });

  it.each([
    "",
    "3985f28",
    "3985f28%",
    "3985f288_",
    "%%%%%%%%",
    "________",
    "3985f288'--",
    "zzzzzzzz",
    `${RUN.slice(0, -1)}x`,
    "1".repeat(33),
  ])("%o is none", (typed) => {
    expect(parseRunId(typed)).toBeNull();
  });
});

describe("a user key", () => {
  it.each([
    USER,
    ` ${USER} `,
    `https://edge.example/console/users/${USER}`,
    `/console/runs?user=${USER}&state=dead`,
  ])("is found in %o", (typed) => {
    expect(parseUserKey(typed)).toBe(USER);
  });

  it.each(["", "alice", `${USER}x`, `x/${USER}`, USER.slice(1), `${USER.slice(1)}%`])(
    "is not in %o",
    (typed) => {
      expect(parseUserKey(typed)).toBeNull();
    },
  );
});

describe("a host", () => {
  it.each([
    ["client.example", "client.example"],
    [" Client.EXAMPLE ", "client.example"],
    ["client.example:8443", "client.example:8443"],
    ["client.example:443", "client.example"],
    ["https://client.example:8443/hook?a=b", "client.example:8443"],
    ["http://127.0.0.1:9000/hook", "127.0.0.1:9000"],
    ["münchen.example", "xn--mnchen-3ya.example"],
    ["cli_nt.example", "cli_nt.example"],
    ["-", "-"],
  ])("%o is %s", (typed, host) => {
    expect(parseTypedHost(typed)).toBe(host);
  });

  it.each(["", "%", "client%.example", "a b", "client.example'; DROP TABLE dead_letters; --", "https://"])(
    "%o is none",
    (typed) => {
      expect(parseTypedHost(typed)).toBeNull();
    },
  );
});
