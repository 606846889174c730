import { describe, expect, test } from "vitest";
import {
  actionNamed,
  oneOffAction,
  type Start,
  type Verdict,
  wellKnownAction,
  wellKnownActions,
} from "../../sandbox/actions.ts";
import { words } from "../support/words.ts";

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
  test("holds the published ids and no others", () => {
    const suffixes = wellKnownActions().map(({ id }) => id.slice(-4));
    expect(suffixes.join(" ")).toBe(
      "0001 0002 0003 0004 0005 0006 0007 0008 0402 0403 0404 0429 0500 0503 0504 0600",
    );
    expect(wellKnownAction("00000000-0000-4000-8000-000000000009")).toBeUndefined();
  });

  test("every name stands for one action", () => {
    for (const action of wellKnownActions()) expect(actionNamed(action.name)).toBe(action);
  });

  test("only `lost`, `late` and `never_pushes` behave unlike the rest", () => {
    const odd = wellKnownActions().filter(({ answers, pushes }) => answers !== "normally" || !pushes);
    expect(odd.map(({ name, answers, pushes }) => [name, answers, pushes])).toEqual([
      ["lost", "lost", true],
      ["late", "late", true],
      ["never_pushes", "normally", false],
    ]);
  });
});

describe("judges", () => {
  test("echo ends at once, without looking at its inputs", () => {
    expect(judge("0001", { seconds: '"?"' })).toEqual({ kind: "run", work: { kind: "echo" }, lastsMs: 0 });
  });

  test("slow lasts its seconds, 120 at most", () => {
    expect(judge("0003", { seconds: "1.5" })).toEqual({ kind: "run", work: { kind: "echo" }, lastsMs: 1500 });
    expect(judge("0003")).toEqual({ kind: "run", work: { kind: "echo" }, lastsMs: 0 });
    expect(refusal(judge("0003", { seconds: "121" }))).toBe("bad_request");
    expect(refusal(judge("0003", { seconds: "-1" }))).toBe("bad_request");
    expect(refusal(judge("0003", { seconds: '"1"' }))).toBe("bad_request");
    expect(refusal(judge("0003", { seconds: "1e400" }))).toBe("bad_request");
  });

  test("a refused setting is named by a pointer", () => {
    expect(judge("0006", { bytes: "20971521" })).toMatchObject({
      problem: { code: "bad_request", pointer: "/data/inputs/bytes" },
      counts: false,
    });
  });

  test("large goes up to 20 MB", () => {
    expect(judge("0006", { bytes: "20971520" })).toMatchObject({
      work: { kind: "filler", bytes: 20_971_520 },
    });
    expect(refusal(judge("0006", { bytes: "1.5" }))).toBe("bad_request");
  });

  test("paged reads its page as a decimal string, the first one when there is none", () => {
    const count = { count: "25" };
    expect(judge("0005", count)).toMatchObject({ work: { kind: "items", count: 25, page: 0 } });
    expect(judge("0005", count, { page: "2" })).toMatchObject({
      work: { kind: "items", count: 25, page: 2 },
    });
    expect(refusal(judge("0005", count, { page: "two" }))).toBe("bad_request");
  });

  test("post wants an http or https URL, and keeps the body as it was written", () => {
    const settings = { url: '"https://partner.example/hook"', body: '{"n":1.10}' };
    expect(judge("0002", settings)).toEqual({
      kind: "run",
      work: { kind: "post", url: "https://partner.example/hook", body: '{"n":1.10}' },
      lastsMs: 0,
    });
    for (const url of ['"ftp://partner.example/"', '"nowhere"', "12", "null"]) {
      expect(refusal(judge("0002", { url }))).toBe("bad_request");
    }
    expect(refusal(judge("0002"))).toBe("bad_request");
  });

  test("flaky refuses the first starts under one id, and remembers them", () => {
    const refusals = [0, 1, 2].map((earlierStarts) => judge("0007", { failures: "2" }, { earlierStarts }));
    expect(refusals.map(refusal)).toEqual(["service_unavaiable", "service_unavaiable", null]);
    expect(refusals[0]).toMatchObject({ counts: true, problem: { retryAfterSeconds: 1 } });
  });

  test("the refusing actions refuse, each with its published code, and are not remembered", () => {
    const suffixes = ["0402", "0403", "0404", "0429", "0500", "0503"];
    expect(suffixes.map((suffix) => refusal(judge(suffix)))).toEqual(words`
      payment_required permission_denied not_found too_many_requests external_service_error
      service_unavaiable`);
    expect(judge("0429")).toMatchObject({ counts: false, problem: { retryAfterSeconds: 1 } });
  });
});

describe("one-off runs", () => {
  test("an action key that the sandbox knows is carried out", () => {
    expect(oneOffAction("slow")?.name).toBe("slow");
    expect(oneOffAction("never_pushes")?.name).toBe("never_pushes");
  });

  test("any other key, and those that only a stored action can have, echo", () => {
    for (const key of [null, "send_message", "lost", "late", "payment_required"]) {
      expect(oneOffAction(key)?.name).toBe("echo");
    }
  });
});
