import { expect } from "../expect.ts";
import { defineUpstreamClauses, type UpstreamClause } from "./clause.ts";

const CODINGS = ["", "identity", "gzip", "x-gzip", "br"];
const TRANSFER_CODINGS = ["", "chunked", "identity"];

const health = defineUpstreamClauses("health");
const clause = defineUpstreamClauses("answers");

export const HEALTH: readonly UpstreamClause[] = [
  health(
    "must",
    "answers: GET /healthz is answered, without a token; any status will do",
    "/readyz of the gateway says that the upstream is down.",
    async ({ http }) => {
      await http.call("/healthz");
    },
  ),
];

/** About every answer that was seen, so after the others. */
export const ANSWERS: readonly UpstreamClause[] = [
  clause(
    "must",
    "in-time: every answer has come within UPSTREAM_TIMEOUT_MS",
    "Callers get a 503, and the gateway does not know whether a run was started.",
    async ({ http, options }, note) => {
      for (const { request, tookMs } of http.answers)
        expect.that(tookMs <= options.timeoutMs, `${request} took ${Math.round(tookMs)} ms`);
      note(`${http.answers.length} answers`);
    },
  ),
  clause(
    "must",
    "coding: Content-Encoding is gzip, br or none, and nothing is compressed by Transfer-Encoding",
    "Callers get a 500, and the callback is not sent.",
    async ({ http }) => {
      for (const { request, headers } of http.answers) {
        const coding = (headers.get("content-encoding") ?? "").toLowerCase();
        const transfer = (headers.get("transfer-encoding") ?? "").toLowerCase();
        expect.that(CODINGS.includes(coding), `Content-Encoding of ${request} is ${coding}`);
        expect.that(TRANSFER_CODINGS.includes(transfer), `Transfer-Encoding of ${request} is ${transfer}`);
      }
    },
  ),
  clause(
    "must",
    "json: every answer in JSON has Content-Type: application/json",
    "Callers' clients do not parse the run, because the gateway passes the type on.",
    async ({ http }) => {
      const answers = http.answers.filter(({ text }) => /^\s*\{/.test(text));
      for (const answer of answers) expect.header(answer, "content-type", /^application\/json\b/);
    },
  ),
];
