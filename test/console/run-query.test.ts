// What operators may ask, as the parameters of a URL say it.
import { describe, expect, it } from "vitest";
import { parseRunQuery } from "../../src/console/runs/run-query.ts";
import {
  decodeSearchCursor,
  encodeSearchCursor,
  type SearchCursor,
} from "../../src/console/runs/search-cursor.ts";
import { type Given, judge, parseUser } from "../../src/console/shell/parameters.ts";
import { decodeCursor } from "../../src/operators/cursor.ts";

const ACTION = "11111111-2222-4333-8444-555555555555";
const USER = "u".repeat(43);
/** 2026-11-20T12:00:00Z */
const NOW_MS = 1_795_176_000_000;
const ANY_TIME = { fromMs: null, toMs: null, after: null };
const ANY_FAILURE = { host: null, reason: null, httpStatus: null };
const ANY_RUN = { run: null, userKey: null, storedActionId: null, state: null, result: null };
const ANY = { ...ANY_RUN, ...ANY_FAILURE, ...ANY_TIME };

const IN_USER: SearchCursor = { kind: "user", position: { week: 2968, seq: 51 } };
const AMONG_MANY: SearchCursor = {
  kind: "many",
  user: "bob",
  position: null,
  searched: 40,
  users: 312,
  countedAll: true,
};

const ELSEWHERE = "cursor must be the next_cursor of a page of the same list.";
const NO_MOMENT =
  "from must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z (in a URL, + is written %2B).";

const judged = (given: Given, nowMs = NOW_MS) =>
  judge(async () => parseRunQuery(given, await parseUser(given), nowMs));

describe("a query", () => {
  it("of empty parameters asks for anything, so that a form can be sent as it is", async () => {
    const empty = { run_id: "", user: "", issuer: "", subject: "", state: "", from: "", cursor: "" };
    expect(await judged(empty)).toEqual({ kind: "ok", value: ANY });
  });

  it("takes ids in any case, and a user by issuer and subject", async () => {
    const given = { run_id: ACTION.toUpperCase(), issuer: "https://login.example", subject: "alice" };
    expect(await judged(given)).toMatchObject({
      kind: "ok",
      // base64url SHA-256 of ["https://login.example","alice"]
      value: { run: { id: ACTION, isWhole: true }, userKey: "lPlCpmHL-rwC7V-FmTGs1YCBKQoiq2r1GDAfRoVWLpM" },
    });
  });

  it("takes the beginning of a run id, a host as it is pasted, and how the last attempt failed", async () => {
    const given = { run_id: " 0B6C8D1E ", host: "https://Client.example/hook", reason: " no connection " };
    expect(await judged({ ...given, http_status: "none" })).toMatchObject({
      value: {
        run: { id: "0b6c8d1e", isWhole: false },
        host: "client.example",
        reason: "no connection",
        httpStatus: "none",
      },
    });
    expect(await judged({ http_status: "503" })).toMatchObject({ value: { httpStatus: 503 } });
  });

  it("of a user may span any time, one of all users 92 days", async () => {
    const from = "2026-08-20T12:00:00Z";
    expect(await judged({ from })).toMatchObject({ kind: "ok" });
    expect(await judged({ from }, NOW_MS + 1)).toEqual({
      kind: "invalid",
      parameter: "from",
      detail: "from must not be more than 92 days before to, or a user be named.",
    });
    expect(await judged({ from, to: "2026-11-20T12:00:00Z" }, NOW_MS + 1)).toMatchObject({
      kind: "ok",
    });
    expect(await judged({ from, user: USER }, NOW_MS + 1)).toMatchObject({ kind: "ok" });
  });

  it.each([
    [{ run_id: "1" }, "run_id", "run_id must be a run id, or at least its first 8 characters."],
    [{ host: "%" }, "host", "host must be the host of a callback, such as client.example."],
    [{ http_status: "600" }, "http_status", "http_status must be a status code such as 503, or none."],
    [{ http_status: "50" }, "http_status", "http_status must be a status code such as 503, or none."],
    [{ stored_action_id: "x" }, "stored_action_id", "stored_action_id must be a UUID."],
    [{ user: "alice" }, "user", "user must be a user key, 43 characters."],
    [{ issuer: "https://login.example" }, "subject", "issuer and subject go together."],
    [{ subject: "alice" }, "issuer", "issuer and subject go together."],
    [{ user: USER, issuer: "i", subject: "s" }, "user", "user and issuer must not both be given."],
    [{ state: "gone" }, "state", "state must be one of waiting, retrying, delivered, dead, aborted, none."],
    [{ result: "lost" }, "result", "result must be one of success, error, none."],
    [{ from: "yesterday" }, "from", NO_MOMENT],
    [{ from: "2026-11-02T00:00:00Z", to: "2026-11-01T00:00:00Z" }, "from", "from must not be later than to."],
    [{ cursor: "!" }, "cursor", ELSEWHERE],
    [{ cursor: encodeSearchCursor(IN_USER) }, "cursor", ELSEWHERE],
    [{ cursor: encodeSearchCursor(AMONG_MANY), user: USER }, "cursor", ELSEWHERE],
  ])("%o names the parameter at fault", async (given, parameter, detail) => {
    expect(await judged(given)).toEqual({ kind: "invalid", parameter, detail });
  });
});

describe("a cursor", () => {
  it.each([
    [IN_USER],
    [AMONG_MANY],
    [{ ...AMONG_MANY, countedAll: false, position: { week: 1, seq: 2 } }],
  ] as [SearchCursor][])("%o leads back to where it was made", (cursor) => {
    expect(decodeSearchCursor(encodeSearchCursor(cursor))).toEqual(cursor);
  });

  it.each(["", "x", "W10", btoa('["a"]'), btoa("[1]"), btoa("[1,2,3]"), btoa('["bob",1,2,3,null,null]')])(
    "%o is none",
    (text) => {
      expect(decodeSearchCursor(text)).toBeNull();
    },
  );

  // [1,"a"], and the same with a blank, a third member and in another order.
  it.each([
    ["WzEsImEiXQ", { atMs: 1, id: "a" }],
    ["WzEsICJhIl0", null],
    ["WzEsImEiLDJd", null],
    ["WyJhIiwxXQ", null],
    ["bnVsbA", null],
  ])("of a list of times, %o, is read only as it is written", (text, place) => {
    expect(decodeCursor(text)).toEqual(place);
  });
});
