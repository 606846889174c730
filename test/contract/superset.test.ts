// /openapi.json says everything that the published file says. Where it says something else, or more, that is listed
// here by name with its reason, or known for what another test compares: our operations and their schemas, and the errors
// that docs/errors.md explains. Anything else fails, and so does a line that is no longer true.

import { describe, expect, it } from "vitest";
import errorsPage from "../../docs/errors.md?raw";
import { openapiDocument } from "../../src/contract/openapi.ts";
import { PUBLISHED, PUBLISHED_TEXT } from "./published.ts";
import { member } from "./rules.ts";

const RUN = "/actions/v1/stored-actions/{stored_action_id}/run";
const OPERATION = `paths > ${RUN} > post`;
const ANSWERS = `${OPERATION} > responses`;
// The statuses whose headers the published file lists: all of its own but 403.
const LIMITED = "[202|400|402|429|500|503]";

const LISTED: Record<string, string> = {
  "changed info > description": "it describes this gateway",
  "missing info > contact": "the publisher does not answer for this gateway",
  "changed servers > 0 > [url|description]": "the document names the gateway that serves it",
  "missing components > securitySchemes > OAuth": "the publisher's own login is not this gateway's",
  "missing security > 0 > OAuth": "the same",
  [`missing ${OPERATION} > security > 0 > OAuth`]: "the same",
  "added security > 0 > Bearer": "a bearer token is what the gateway really takes",
  [`added ${OPERATION} > security > 0 > Bearer`]: "the same",
  "added components > securitySchemes > Bearer": "the same",
  [`changed ${OPERATION} > description`]: "it names the publisher's own flag system",
  "changed components > schemas > StoredActionsRunRequestInput > properties > callback_url > description":
    "it names the publisher",
  "added tags > [1|2|3|4]": "for our operations",
  [`missing ${ANSWERS} > ${LIMITED} > headers > X-RateLimit-Reset > schema > format`]:
    "the file's own description and its clients say Unix seconds, which are no date-time",
  [`added ${ANSWERS} > ${LIMITED} > headers > [RateLimit-Policy|RateLimit]`]: "the current IETF pair",
  [`added ${ANSWERS} > ${LIMITED} > headers > X-Request-Id`]: "every answer has it",
  [`added ${ANSWERS} > 403 > headers`]: "the same, and a 403 of the upstream was counted",
  [`added ${ANSWERS} > 202 > headers > [Idempotency-Replayed|Idempotency-Payload-Mismatch]`]:
    "a caller can tell a replay",
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Arrays are objects of their indices here: the order in either document means something, or is the same. */
function differences(published: unknown, ours: unknown, at: string[] = []): string[] {
  const name = at.join(" > ");
  if (ours === undefined) return [`missing ${name}`];
  if (published === undefined) return [`added ${name}`];
  if (!isObject(published) || !isObject(ours) || Array.isArray(published) !== Array.isArray(ours)) {
    return Object.is(published, ours) ? [] : [`changed ${name}`];
  }
  const keys = new Set([...Object.keys(published), ...Object.keys(ours)]);
  return [...keys].flatMap((key) => differences(published[key], ours[key], [...at, key]));
}

/** `a [b|c]` stands for `a b` and `a c`. */
function expand(name: string): string[] {
  const [whole, choices] = /\[([^\]]+)\]/.exec(name) ?? [];
  if (whole === undefined || choices === undefined) return [name];
  return choices.split("|").flatMap((choice) => expand(name.replace(whole, choice)));
}

const ours = openapiDocument("https://edge.example");

/** Whole paths: test/http/routes.test.ts requires a route of each, and README's row. */
function addedPaths(): string[] {
  const paths = without(Object.keys(ours.paths), member(PUBLISHED, "paths"));
  return paths.map((path) => `added paths > ${path}`);
}

/** Schemas that something in the document refers to. */
function addedSchemas(): string[] {
  const references = JSON.stringify(ours).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g);
  const names = [...references].map(([, name = ""]) => name);
  const added = without(names, member(member(PUBLISHED, "components"), "schemas"));
  return added.map((name) => `added components > schemas > ${name}`);
}

/** Errors of a start, as the first table of docs/errors.md has them. */
function addedErrors(): string[] {
  const [, table = ""] = errorsPage.split(/^## /m);
  const statuses = [...table.matchAll(/^\| (\d{3}) `/gm)].map(([, status = ""]) => status);
  const published = member(member(member(member(PUBLISHED, "paths"), RUN), "post"), "responses");
  return without(statuses, published).map((status) => `added ${ANSWERS} > ${status}`);
}

/** Each of the names once, but for those that the published file has too. */
function without(names: readonly string[], published: unknown): string[] {
  return [...new Set(names)].filter((name) => member(published, name) === undefined);
}

describe("/openapi.json is a superset of the published contract", () => {
  it("which is here byte for byte", async () => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(PUBLISHED_TEXT));
    const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    expect(hex).toBe("918571d348c1eae77e088ef8dcad840bd02afce8922a2250a1664c69b38adf0b");
  });

  it("but for the listed differences", () => {
    const listed = [
      ...Object.keys(LISTED).flatMap(expand),
      ...addedPaths(),
      ...addedSchemas(),
      ...addedErrors(),
    ];
    expect(differences(PUBLISHED, ours).toSorted()).toEqual(listed.toSorted());
  });

  it("without its publisher's names", () => {
    expect(JSON.stringify(ours)).not.toMatch(/zapier|gargoyle/i);
  });
});
