// The well-known actions, the way payment APIs have test cards: the table at the end is that of docs/sandbox.md, row by row.
// A judge is pure: it reads a start and says what the run will do, or why there will be none.

import { type Problem, type ProblemCode, problem } from "./errors.ts";

/** What a run does. Everything but a post is known at its start, so its end can be computed and needs no timer. */
export type Task =
  | { kind: "echo" }
  | { kind: "items"; count: number; page: number }
  | { kind: "filler"; bytes: number }
  | { kind: "failure"; detail: string }
  | { kind: "post"; url: string; body: string };

export type Start = {
  /** The JSON text of a member of the inputs, or else of the stored action's params. */
  setting: (name: string) => string | undefined;
  page: string | null;
  /** Starts that came before this one under the same idempotency id. */
  earlierStarts: number;
};

export type Verdict =
  | { kind: "run"; work: Task; lastsMs: number }
  /** `counts`: the refused start is kept under its idempotency id. */
  | { kind: "refused"; problem: Problem; counts: boolean };

export type Action = {
  id: string;
  name: string;
  title: string;
  judge: (start: Start) => Verdict;
  answers: "normally" | "late" | "lost";
  pushes: boolean;
};

const MAX_SECONDS = 120;
const MAX_ITEMS = 1_000_000;
const MAX_FILLER_BYTES = 20 * 1024 * 1024;
const MAX_FAILURES = 1000;
const ECHO: Task = { kind: "echo" };

const echo = () => run(ECHO);
const fails = () => run({ kind: "failure", detail: "The partner's API refused the request." });
const slow = withNumber("seconds", between(0, MAX_SECONDS), (seconds) => run(ECHO, seconds * 1000));
const large = withNumber("bytes", wholeUpTo(MAX_FILLER_BYTES), (bytes) => run({ kind: "filler", bytes }));
const paged = withNumber("count", wholeUpTo(MAX_ITEMS), judgePage);
const flaky = withNumber("failures", wholeUpTo(MAX_FAILURES), (failures, { earlierStarts }) =>
  earlierStarts < failures ? refused(problem("service_unavaiable", "Try again."), true) : run(ECHO),
);

const TABLE: readonly Action[] = [
  row("0001", "echo", "Gives its inputs back at once", echo),
  row("0002", "post", "POSTs inputs.body to inputs.url", judgePost),
  row("0003", "slow", "Waits inputs.seconds, then echoes", slow),
  row("0004", "fails", "Ends in an error", fails),
  row("0005", "paged", "Gives inputs.count items, ten a page", paged),
  row("0006", "large", "Gives a string of inputs.bytes bytes", large),
  row("0007", "flaky", "Refuses the first inputs.failures starts under one idempotency id", flaky),
  row("0008", "lost", "Accepts the run, then breaks the connection", echo, { answers: "lost" }),
  row("0402", "payment_required", "Answers the start with 402", refuses("payment_required")),
  row("0403", "permission_denied", "Answers the start with 403", refuses("permission_denied")),
  row("0404", "not_found", "Answers the start with 404", refuses("not_found")),
  row("0429", "too_many_requests", "Answers the start with 429", refuses("too_many_requests")),
  row("0500", "external_service_error", "Answers the start with 500", refuses("external_service_error")),
  row("0503", "service_unavailable", "Answers the start with 503", refuses("service_unavaiable")),
  row("0504", "late", "Answers the start after 60 s", echo, { answers: "late" }),
  row("0600", "never_pushes", "As slow, but never pushes its completion", slow, { pushes: false }),
];

const ONE_OFF = ["echo", "post", "slow", "fails", "paged", "large", "never_pushes"];

export function wellKnownActions(): readonly Action[] {
  return TABLE;
}

export function wellKnownAction(id: string): Action | undefined {
  return TABLE.find((action) => action.id === id);
}

export function findAction(name: string): Action | undefined {
  return TABLE.find((action) => action.name === name);
}

/** A one-off run names any partner's action; those that the sandbox does not know echo. */
export function oneOffAction(key: string | null): Action | undefined {
  return findAction(key !== null && ONE_OFF.includes(key) ? key : "echo");
}

function row(
  suffix: string,
  name: string,
  title: string,
  judge: Action["judge"],
  manner: Partial<Pick<Action, "answers" | "pushes">> = {},
): Action {
  const id = `00000000-0000-4000-8000-00000000${suffix}`;
  return { id, name, title, judge, answers: "normally", pushes: true, ...manner };
}

function run(work: Task, lastsMs = 0): Verdict {
  return { kind: "run", work, lastsMs };
}

function refused(why: Problem, counts = false): Verdict {
  return { kind: "refused", problem: why, counts };
}

function refuses(code: ProblemCode): Action["judge"] {
  return () => refused(problem(code, `This action always answers ${code}.`));
}

function judgePage(count: number, { page }: Start): Verdict {
  if (page !== null && !/^\d{1,9}$/.test(page)) {
    return refused(problem("bad_request", "page must be a decimal string.", "/data/page"));
  }
  return run({ kind: "items", count, page: Number(page ?? "0") });
}

function judgePost({ setting }: Start): Verdict {
  const url: unknown = JSON.parse(setting("url") ?? "null");
  const target = typeof url === "string" ? URL.parse(url) : null;
  if (target === null || !/^https?:$/.test(target.protocol)) {
    return refused(problem("bad_request", "url must be an http or https URL.", "/data/inputs/url"));
  }
  return run({ kind: "post", url: target.href, body: setting("body") ?? '""' });
}

function withNumber(
  name: string,
  fits: (value: number) => boolean,
  use: (value: number, start: Start) => Verdict,
): Action["judge"] {
  return (start) => {
    const value: unknown = JSON.parse(start.setting(name) ?? "0");
    if (typeof value === "number" && fits(value)) return use(value, start);
    return refused(problem("bad_request", `${name} is out of range.`, `/data/inputs/${name}`));
  };
}

function between(min: number, max: number): (value: number) => boolean {
  return (value) => value >= min && value <= max;
}

function wholeUpTo(max: number): (value: number) => boolean {
  return (value) => Number.isInteger(value) && value >= 0 && value <= max;
}
