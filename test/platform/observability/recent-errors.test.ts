// What is kept of an error, and how many of them.
import { expect, it } from "vitest";
import type { RequestServed } from "../../../src/platform/observability/log.ts";
import {
  addErrors,
  decodeErrors,
  encodeErrors,
  type RecentErrors,
  toRequestError,
} from "../../../src/platform/observability/recent-errors.ts";
import { toServed } from "./counted.ts";

const ACTION = "00000000-0000-4000-8000-000000000001";
const NOTES = { action: ACTION, code: "service_unavaiable", upstreamStatus: 502 };

function errorOf(members: Partial<RequestServed>, atMs = 7) {
  return toRequestError(toServed(members), NOTES, atMs);
}

it("an error has the members of a closed list, and no other", () => {
  const served = toServed({ status: 503, outcome: "upstream_failed", run_id: "run" });
  expect(toRequestError(served, NOTES, 7)).toEqual({
    atMs: 7,
    kind: "upstream",
    route: "/actions/v1/runs",
    action: ACTION,
    host: null,
    code: "service_unavaiable",
    status: 503,
    upstreamStatus: 502,
    user: "alice",
    requestId: "r",
    runId: "run",
  });
});

it.each<[Partial<RequestServed>, string | undefined]>([
  [{ status: 202 }, undefined],
  [{ status: 304 }, undefined],
  [{ status: 429, outcome: "limited" }, "limited"],
  [{ status: 429, outcome: "upstream_refused" }, "limited"],
  [{ status: 404, outcome: "not_found", user: null }, "refused"],
  [{ status: 503, outcome: "shed" }, "gateway"],
  [{ status: 500, outcome: "failed" }, "gateway"],
  [{ status: 500, outcome: "upstream_failed" }, "upstream"],
  [{ status: 503, route: "/readyz", outcome: "not_ready" }, undefined],
  [{ status: 404, route: "/console/*" }, undefined],
])("%o is an error of the kind %s", (members, kind) => {
  expect(errorOf(members)?.kind).toBe(kind);
});

it("of each kind the latest are kept, whatever comes in of the others", () => {
  const errors: RecentErrors = new Map();
  const upstream = errorOf({ status: 503, outcome: "upstream_failed" }, 1);
  addErrors(errors, upstream === null ? [] : [upstream], 10);
  for (let atMs = 30; atMs > 0; atMs -= 1) {
    const error = errorOf({ status: 404 }, atMs);
    addErrors(errors, error === null ? [] : [error], 10);
  }
  expect(errors.get("refused")?.map(({ atMs }) => atMs)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  expect(errors.get("upstream")).toHaveLength(1);
  expect(decodeErrors(encodeErrors(errors))).toHaveLength(11);
});

it("those that a later version wrote are not read", () => {
  expect(decodeErrors('{"v":2,"errors":[{}]}')).toEqual([]);
});
