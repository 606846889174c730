import { type Clause, Skip } from "../clause.ts";
import {
  at,
  expectError,
  expectHeader,
  expectSame,
  expectStatus,
  expectThat,
  listAt,
  toJson,
} from "../expect.ts";
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
  413: "payload_too_large",
  429: "too_many_requests",
  500: "external_service_error",
  503: "service_unavaiable",
};

const REFUSALS = [402, 403, 404, 429, 500, 503] as const;
const MEMBERS = ["status", "code", "title", "detail", "source", "meta"];

export const ERRORS: readonly Clause[] = [
  ...REFUSALS.map(
    (status): Clause => ({
      id: `errors.upstream-${status}`,
      text: `the upstream's ${status} is a ${status} ${CODES[status]}, or has its own code${status === 429 || status === 503 ? ", with Retry-After" : ""}`,
      check: async (world) => {
        const answer = await world.caller.start(world.refusing(status), {});
        expectUpstreamError(world, answer, status);
        if (status === 429 || status === 503) expectHeader(answer, "retry-after", /^[1-9]\d*$/);
      },
    }),
  ),
  {
    id: "errors.envelope",
    text: "every error seen is {errors:[…]} with all six members, its status that of the answer",
    check: async (world, note) => {
      const answers = await errorsSeen(world);
      for (const answer of answers) for (const error of errorsIn(answer)) expectWhole(answer, error);
      note(`${answers.length} answers`);
    },
  },
  {
    id: "errors.codes",
    text: "the code of the edge's own is the one of its status",
    check: async (world, note) => {
      const answers = (await errorsSeen(world)).filter((answer) => isCodeKnown(world, answer));
      for (const answer of answers)
        expectSame(`the code of ${named(answer)}`, at(errorsIn(answer)[0], "code"), CODES[answer.status]);
      note(`${answers.length} answers`);
    },
  },
  {
    id: "errors.content-type",
    text: "every answer in JSON says application/json",
    check: async ({ http }, note) => {
      const answers = http.answers.filter(({ text }) => /^[{[]/.test(text));
      if (answers.length === 0) throw new Skip("nothing was answered in JSON");
      for (const answer of answers) expectHeader(answer, "content-type", /^application\/json\b/);
      note(`${answers.length} answers`);
    },
  },
  {
    id: "errors.request-id",
    text: "the edge's own errors have meta.request_id, each another",
    check: async ({ http }) => {
      const [one, other] = [await http.call("/nothing/here"), await http.call("/nothing/here")];
      const ids = [one, other].map((answer) => at(errorsIn(answer)[0], "meta", "request_id"));
      expectThat(typeof ids[0] === "string" && ids[0] !== "", "there is no meta.request_id");
      expectThat(ids[0] !== ids[1], "two requests have one request_id");
    },
  },
  {
    id: "errors.retry-after",
    text: "every 429 and 503 seen has Retry-After",
    check: async (world) => {
      for (const answer of await errorsSeen(world))
        if (answer.status === 429 || isOwn503(answer)) expectHeader(answer, "retry-after", /^[1-9]\d*$/);
    },
  },
  {
    id: "errors.nothing-internal",
    text: "nothing internal leaks: no stack trace, no source file, no address",
    check: async (world) => {
      for (const answer of await errorsSeen(world)) {
        const leak = /\n\s+at |\bat \w+ \(|\.[jt]s:\d+|node_modules|\b(?:10|127|192\.168)\.\d+\.\d+/.exec(
          answer.text,
        );
        expectSame(`what ${named(answer)} shows`, leak?.[0], undefined);
      }
    },
  },
];

/** The upstream's own error, or the edge's where the upstream wrote none. */
export function expectUpstreamError(world: World, answer: Answer, status: number): void {
  expectStatus(answer, status);
  if (isCodeKnown(world, answer)) expectError(answer, status, CODES[status] ?? "");
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

/** With two that the edge refuses itself, for a run of this section alone. HEAD has no body to look at. */
async function errorsSeen({ http, caller, action }: World): Promise<Answer[]> {
  if (!http.answers.some(({ status }) => status === 401)) {
    await http.call("/actions/nothing");
    await caller.start(action, { page: 1 });
  }
  return http.answers.filter((answer) => isError(answer) && !answer.request.endsWith("/readyz"));
}

function isError({ status, request }: Answer): boolean {
  return status >= 400 && !request.startsWith("HEAD ");
}

function errorsIn(answer: Answer): unknown[] {
  const errors = listAt(toJson(answer), "errors");
  expectThat(errors.length > 0, `${named(answer)} has no errors`);
  return errors;
}

function expectWhole(answer: Answer, error: unknown): void {
  for (const member of MEMBERS)
    expectThat(at(error, member) !== undefined, `${named(answer)} has an error without ${member}`);
  for (const member of ["code", "title", "detail"]) {
    const value = at(error, member);
    expectThat(
      typeof value === "string" && value !== "",
      `${named(answer)} has an error whose ${member} is no text`,
    );
  }
  expectSame(`the status in ${named(answer)}`, at(error, "status"), answer.status);
}

function isOwn503({ status, request }: Answer): boolean {
  return status === 503 && !request.endsWith("/readyz");
}

function named({ request, status }: Answer): string {
  return `the ${status} to ${request}`;
}
