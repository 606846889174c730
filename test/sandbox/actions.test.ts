import { describe, expect, test } from "vitest";
import {
  findAction,
  oneOffAction,
  type Start,
  type Verdict,
  wellKnownAction,
  wellKnownActions,
} from "../../sandbox/actions.ts";

function judge(suffix: string, settings: Record<string, string> = {}, rest: Partial<Start> = {}): Verdict {
  const action = wellKnownAction(`00000000-0000-4000-8000-00000000${suffix}`);
  if (!action) throw new Error(`no action ${suffix}`);
  return action.judge({ setting: (name) => settings[name], page: null, earlierStarts: 0, ...rest });
}

/** The code of the refusal, or null: the run is accepted. */
function refusal(verdict: Verdict): string | null {
  return verdict.kind === "refused" ? verdict.problem.code : null;
}

describe("the table", () => {
  test("holds the published ids and no others, each under one name", () => {
    const suffixes = wellKnownActions().map(({ id }) => id.slice(-4));
    expect(suffixes.join(" ")).toBe(
      "0001 0002 0003 0004 0005 0006 0007 0008 0402 0403 0404 0429 0500 0503 0504 0600",
    );
    expect(wellKnownAction("00000000-0000-4000-8000-000000000009")).toBeUndefined();
    for (const action of wellKnownActions()) expect(findAction(action.name)).toBe(action);
  });

  test("only `lost`, `late` and `never_pushes` behave unlike the rest", () => {
    const odd = wellKnownActions().filter(({ answers, pushes }) => answers !== "normally" || !pushes);
    expect(odd.map(({ name, answers, pushes }) => [name, answers, pushes])).toEqual([
      ["lost", "lost", true],
      ["late", "late", true],
      ["never_pushes", "normally", false],
    ]);
  });

  test.each([
    ["slow", "slow"],
    ["never_pushes", "never_pushes"],
    // What only a stored action can have, and what the sandbox does not know.
    ["lost", "echo"],
    ["payment_required", "echo"],
    ["send_message", "echo"],
    [null, "echo"],
  ])("a one-off run with the key %s is carried out as %s", (key, name) => {
    expect(oneOffAction(key)?.name).toBe(name);
  });
});

const POST = { url: '"https://partner.example/hook"', body: '{"n":1.10}' };

describe("an action is carried out as its inputs say", () => {
  test.each<[string, string, Record<string, string>, object]>([
    ["echo, which ends at once", "0001", { seconds: '"?"' }, { work: { kind: "echo" }, lastsMs: 0 }],
    ["slow", "0003", { seconds: "1.5" }, { work: { kind: "echo" }, lastsMs: 1500 }],
    ["slow without seconds", "0003", {}, { work: { kind: "echo" }, lastsMs: 0 }],
    ["large", "0006", { bytes: "20971520" }, { work: { kind: "filler", bytes: 20_971_520 } }],
    ["paged", "0005", { count: "25" }, { work: { kind: "items", count: 25, page: 0 } }],
    ["post", "0002", POST, { work: { kind: "post", url: "https://partner.example/hook", body: POST.body } }],
  ])("%s", (_name, suffix, settings, verdict) => {
    expect(judge(suffix, settings)).toMatchObject({ kind: "run", ...verdict });
  });

  test("flaky refuses the first starts under one id, and counts them", () => {
    const refusals = [0, 1, 2].map((earlierStarts) => judge("0007", { failures: "2" }, { earlierStarts }));
    expect(refusals.map(refusal)).toEqual(["service_unavaiable", "service_unavaiable", null]);
    expect(refusals[0]).toMatchObject({ counts: true, problem: { retryAfterSeconds: 1 } });
  });
});

describe("a start is refused", () => {
  test.each<[string, Record<string, string>, string, string | null]>([
    ["0003", { seconds: "121" }, "bad_request", null],
    ["0003", { seconds: "-1" }, "bad_request", null],
    ["0003", { seconds: '"1"' }, "bad_request", null],
    ["0003", { seconds: "1e400" }, "bad_request", null],
    ["0006", { bytes: "20971521" }, "bad_request", null],
    ["0006", { bytes: "1.5" }, "bad_request", null],
    ["0005", { count: "25" }, "bad_request", "two"],
    ["0002", { url: '"ftp://partner.example/"' }, "bad_request", null],
    ["0002", { url: "12" }, "bad_request", null],
    ["0002", {}, "bad_request", null],
    ["0402", {}, "payment_required", null],
    ["0403", {}, "permission_denied", null],
    ["0404", {}, "not_found", null],
    ["0429", {}, "too_many_requests", null],
    ["0500", {}, "external_service_error", null],
    ["0503", {}, "service_unavaiable", null],
  ])("of %s with %o as %s, and is not counted", (suffix, settings, code, page) => {
    const verdict = judge(suffix, settings, { page });
    expect(refusal(verdict)).toBe(code);
    expect(verdict).toMatchObject({ counts: false });
  });

  test("with a pointer to the setting, or with the time to come again", () => {
    expect(judge("0006", { bytes: "1.5" })).toMatchObject({ problem: { pointer: "/data/inputs/bytes" } });
    expect(judge("0429")).toMatchObject({ problem: { retryAfterSeconds: 1 } });
  });
});
