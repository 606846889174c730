import { type Clause, defineClauses, Skip } from "../clause.ts";
import { at, expect, listAt, toJson } from "../expect.ts";
import type { Answer } from "../http.ts";
import type { World } from "../world.ts";

/** The published spelling of the last one. */
export const CODES: Record<number, string> = {
  400: "bad_request",
  401: "unauthenticated",
  402: "payment_required",
  403: "permission_denied",
  404: "not_found",
  405: "method_not_allowed",
  409: "conflict",
  412: "precondition_failed",
  413: "payload_too_large",
  428: "precondition_required",
  429: "too_many_requests",
  500: "external_service_error",
  503: "service_unavaiable",
};

const REFUSALS = [402, 403, 404, 429, 500, 503] as const;
const MEMBERS = ["status", "code", "title", "detail", "source", "meta"];

const clause = defineClauses("errors");

export const ERRORS: readonly Clause[] = [
  ...REFUSALS.map((status) =>
    clause(`upstream-${status}: a ${status} ${CODES[status]}, or has its own code`, async (world) => {
      const answer = await world.caller.start(world.refusing(status), {});
      expectUpstreamError(world, answer, status);
      expectRetryAfter(answer);
    }),
  ),
  clause(
    "envelope: every error seen is {errors:[…]} with all members and its status",
    async (world, note) => {
      const answers = await errorsSeen(world);
      for (const answer of answers) for (const error of errorsIn(answer)) expectWhole(answer, error);
      note(`${answers.length} answers`);
    },
  ),
  clause("codes: the code of the edge's own is the one of its status", async (world, note) => {
    const answers = (await errorsSeen(world)).filter((answer) => isCodeKnown(world, answer));
    for (const answer of answers)
      expect.same(`the code of ${describe(answer)}`, at(errorsIn(answer)[0], "code"), CODES[answer.status]);
    note(`${answers.length} answers`);
  }),
  clause("content-type: every answer in JSON says application/json", async ({ http }, note) => {
    const answers = http.answers.filter(({ text }) => /^[{[]/.test(text));
    if (answers.length === 0) throw new Skip("nothing was answered in JSON");
    for (const answer of answers) expect.header(answer, "content-type", /^application\/json\b/);
    note(`${answers.length} answers`);
  }),
  clause("request-id: the edge's own errors have meta.request_id, each another", async ({ http }) => {
    const answers = [await http.call("/nothing/here"), await http.call("/nothing/here")];
    const [one, other] = answers.map((answer) => at(errorsIn(answer)[0], "meta", "request_id"));
    expect.match("meta.request_id", one, /./);
    expect.that(one !== other, "two requests have one request_id");
  }),
  clause("retry-after: every 429 and 503 seen has Retry-After", async (world) => {
    for (const answer of await errorsSeen(world)) expectRetryAfter(answer);
  }),
  clause("nothing-internal: no stack trace, source file or address is shown", async (world) => {
    for (const answer of await errorsSeen(world)) {
      const leak = /\n\s+at |\bat \w+ \(|\.[jt]s:\d+|node_modules|\b(?:10|127|192\.168)\.\d+\.\d+/.exec(
        answer.text,
      );
      expect.same(`what ${describe(answer)} shows`, leak?.[0], undefined);
    }
  }),
];

/** The upstream's own error, or the edge's where the upstream wrote none. */
export function expectUpstreamError(world: World, answer: Answer, status: number): void {
  expect.status(answer, status);
  if (isCodeKnown(world, answer)) expect.error(answer, status, CODES[status] ?? "");
  else for (const error of errorsIn(answer)) expectWhole(answer, error);
}

/** An upstream's error keeps its code, which may be any; the sandbox's are those of the table. */
function isCodeKnown({ options }: World, answer: Answer): boolean {
  return options.sandbox || isOwn(answer);
}

/** The edge's own: where no upstream is asked or heard, and wherever it has put the id of the request. */
function isOwn(answer: Answer): boolean {
  const { request, status, headers } = answer;
  if (status === 401 || !request.includes(" /actions/")) return true;
  const id = at(errorsIn(answer)[0], "meta", "request_id");
  return typeof id === "string" && id === headers.get("x-request-id");
}

/** With two that the edge refuses itself, for a run of this section alone. */
async function errorsSeen({ http, caller, action }: World): Promise<Answer[]> {
  if (!http.answers.some(({ status }) => status === 401)) {
    await http.call("/actions/nothing");
    await caller.start(action, { page: 1 });
  }
  return http.answers.filter(({ status, request }) => status >= 400 && !request.endsWith("/readyz"));
}

function errorsIn(answer: Answer): unknown[] {
  const errors = listAt(toJson(answer), "errors");
  expect.that(errors.length > 0, `${describe(answer)} has no errors`);
  return errors;
}

function expectWhole(answer: Answer, error: unknown): void {
  for (const member of MEMBERS)
    expect.that(at(error, member) !== undefined, `${describe(answer)} has an error without ${member}`);
  for (const member of ["code", "title", "detail"])
    expect.match(`${member} in ${describe(answer)}`, at(error, member), /./);
  expect.same(`the status in ${describe(answer)}`, at(error, "status"), answer.status);
}

function expectRetryAfter(answer: Answer): void {
  if (answer.status === 429 || answer.status === 503) expect.header(answer, "retry-after", /^[1-9]\d*$/);
}

function describe({ request, status }: Answer): string {
  return `the ${status} to ${request}`;
}
