// docs/security.md, Requests and answers: the path. Ids are UUIDs, nothing leads out of /actions/, and no spelling of a route
// that counts reaches the upstream without having been counted.
import { describe, expect, it } from "vitest";
import { ACTION, type Answer, RUN_PATH } from "../support/gateway.ts";
import { json } from "../support/upstream.ts";
import { words } from "../support/words.ts";
import {
  besiege,
  expectProblem,
  itAddsUp,
  JSON_TYPE,
  newUser,
  post,
  readRemaining,
  toText,
} from "./bench.ts";

const RUN = "abcdef00-abcd-4abc-8def-abcdef001122";
const STORED = `/actions/v1/stored-actions/${ACTION}`;

/** The two forms that a runtime may hand over a path in: resolved by a URL parser, or as the wire had it. */
const FORMS = ["resolved", "raw"] as const;

const { counts, gateway, attacker, refuse } = await besiege();
const run = { type: "run", id: RUN, status: "waiting" };
gateway.upstream.runs.set("known", RUN);
// It answers whatever it is asked, so that an attack which gets through looks like a success.
gateway.upstream.behave(({ method, path }, honest) => {
  if (method === "POST" || /^\/actions\/v1\/stored-actions\/[^/]+\/runs\/[^/]+$/.test(path)) return honest();
  return json(200, { data: path === `/actions/v1/runs/${RUN}` ? run : [] });
});

const by = (method: string, paths: string[]) => paths.map((path): [string, string] => [method, path]);

/** Segments that are no UUID, as a caller writes them into a path. */
const NO_UUIDS = [
  ...words`
  1 __proto__ * {${ACTION}} urn:uuid:${ACTION} ${ACTION};v=1 ${ACTION}%20 ${ACTION}%0D%0ASet-Cookie:%20a=b
  ${ACTION}%00 ${ACTION}%3F ${ACTION}%2f..%2f.. ..%2F${ACTION} %2e%2e%2fruns ..%5C..%5Cruns
  %252e%252e%252fruns %C0%AE%C0%AE %zz %27%20or%201=1--`,
  ACTION.replaceAll("-", ""),
  ACTION.replace("1", "%EF%BC%91"),
];

describe("a stored action's id that is no UUID is refused at the start", () => {
  it.each(NO_UUIDS)("%s", (segment) =>
    refuse((id) => ({
      path: `/actions/v1/stored-actions/${segment}/run`,
      post: post(toText(id)),
      status: 400,
      source: { parameter: "stored_action_id" },
    })),
  );
});

describe.each<[string, (segment: string) => string]>([
  ["stored_action_id", (segment) => `/actions/v1/stored-actions/${segment}/runs/${RUN}`],
  ["run_id", (segment) => `${STORED}/runs/${segment}`],
  ["run_id", (segment) => `/actions/v1/runs/${segment}`],
])("at a read, a %s that is no UUID is refused", (parameter, buildPath) => {
  const reader = newUser();
  let readsLeft = 6000;

  it.each(NO_UUIDS)("%s", async (segment) => {
    const asked = gateway.upstream.asked.length;
    const refused = await gateway.call(buildPath(segment), { claims: reader });
    const left = readRemaining(refused);
    expectProblem(refused, 400, { parameter });
    expect(gateway.upstream.asked).toHaveLength(asked);
    counts.refused += 1;

    const read = await gateway.call(`${STORED}/runs/${RUN}`, { claims: reader });
    expect([read.status, read.body.id]).toEqual([200, RUN]);
    expect([left, readRemaining(read)]).toEqual([readsLeft - 1, readsLeft - 2]);
    readsLeft -= 2;
    counts.served += 1;
  });
});

describe("an id is a UUID in any case and however its characters are escaped, and is forwarded in one form", () => {
  const written = "AbCdEf00-AbCd-4aBc-8DeF-aBcDeF001122";
  const plain = RUN;

  it.each<[string, string, string]>([
    ["POST", `/actions/v1/stored-actions/${written}/run`, `/actions/v1/stored-actions/${plain}/run`],
    ["POST", `/actions/v1/stored-actions/${escaped(written)}/run`, `/actions/v1/stored-actions/${plain}/run`],
    [
      "GET",
      `/actions/v1/stored-actions/${written}/runs/${written}`,
      `/actions/v1/stored-actions/${plain}/runs/${plain}`,
    ],
    ["GET", `/actions/v1/runs/${written}`, `/actions/v1/runs/${plain}`],
    ["GET", `/actions/v1/runs/${escaped(written)}?wait_seconds=0`, `/actions/v1/runs/${plain}`],
  ])("%s %s", async (method, path, forwarded) => {
    const body = method === "POST" ? { body: '{"data":{}}' } : {};
    const answer = await gateway.call(path, { method, claims: attacker.claims, headers: JSON_TYPE, ...body });
    expect(isCounted(answer)).toBe(true);
    expect(gateway.upstream.asked.at(-1)?.path).toBe(forwarded);
    counts.served += 1;
  });
});

describe.each(FORMS)("a path, %s, that leads out of /actions/", (form) => {
  it.each([
    ...words`
      /actions/../admin /actions/v1/../../admin /actions/v1/../../../../admin /actions/%2e%2e/admin
      /actions/%2E%2E/admin /actions/.%2e/admin /actions/v1/stored-actions/%2e%2e/%2e%2e/%2e%2e/admin
      /actions/..%2Fadmin /actions/..%2fadmin /actions/..%5Cadmin /actions/..%5cadmin
      /actions/%2e%2e%2fadmin /actions/%252e%252e/admin /actions/%25252e%25252e/admin
      /actions/%c0%ae%c0%ae/admin /actions/%e0%80%ae%e0%80%ae/admin /actions/..%c0%afadmin
      /actions/%u002e%u002e/admin /actions/..%00/admin /actions/..;/admin /actions/..;x=1/admin
      /actions/..%3B/admin /actions/%2e%2e;/admin /actions/..%09/admin /actions/..%20/admin
      /actions//../../admin /actions/.//../../admin /actions/..//admin /actions//evil.example/admin
      //evil.example/actions/v1/apps /actions/@evil.example/..// /actions /actionsx/v1/apps /Actions/v1/apps
      /%61ctions/v1/apps`,
    "/actions/..\\admin",
    "/actions\\..\\admin",
    "/actions/v1\\..\\..\\admin",
    "/\\evil.example/actions/v1/apps",
    "/x/../actions\\..\\admin",
  ])("%s is not forwarded", async (path) => {
    const asked = gateway.upstream.asked.length;
    const answer = await gateway.call(path, { claims: attacker.claims, raw: form === "raw" });
    expectProblem(answer, 404, null);
    expect(gateway.upstream.asked).toHaveLength(asked);
    counts.refused += 1;
  });
});

describe.each(FORMS)("another spelling, %s, of a route that counts, or what resolves to one", (form) => {
  it.each<[string, string]>([
    ...by(
      "POST",
      words`
        /actions/v1/x/../runs /actions/v1/./runs /actions/./v1/runs /actions/v1/x/y/../../runs
        /actions/../actions/v1/runs /actions/v1/x/%2e%2e/runs /actions/v1/x/.%2E/runs /actions/v1/%2e/runs
        /actions/v1/runs/x/.. /actions/v1/runs/. /actions/v1/runs/%2e /actions/v1/x/../run%73
        /actions/v1/stored-actions/x/../${ACTION}/run ${STORED}/x/../run ${STORED}/./run
        /actions/v1/x/../stored-actions/${ACTION}/run /actions/v1/x/%2e%2e/stored-actions/${ACTION}/run`,
    ),
    ["POST", "/actions/v1/x\\..\\runs"],
    ["POST", "/actions/v1\\runs"],
    ["POST", `${STORED}\\run`],
    ["GET", `/actions/v1/x/../runs/${RUN}`],
    ["GET", `/actions/v1/runs/x/../${RUN}`],
    ["GET", `/actions/v1/runs\\${RUN}`],
    ["GET", `${STORED}/runs/%2e/${RUN}`],
    ["HEAD", `${STORED}/x/..\\runs/${RUN}`],
    ...by(
      "POST",
      words`
        /actions/v1/runs/ /actions/v1/runs// /actions/v1//runs /actions//v1/runs //actions/v1/runs
        /actions/v1/Runs /actions/V1/runs /ACTIONS/v1/runs /actions/v1/run%73 /actions/v1/%72%75%6E%73
        /actions/v1/;/runs /actions/;x=1/v1/runs /actions/v1/%20/runs /actions/v1/%E2%80%8B/runs
        /actions/v1/%EF%BC%8Fruns ${STORED}/;/run /actions/v1/runs/.json /actions/v1/%EF%BD%92uns /actions/v1/run%C5%BF /actions/v1/%C2%ADruns /actions/v1/run%E2%80%8Bs
        ${STORED}/%C2%ADrun /actions/v1/%52uns /actions/v1%2Fruns /actions%2Fv1%2Fruns /actions/v1/runs%2F /actions/v1/runs%5C
        /actions/v1/runs%252F /actions/v1/run%2573 /actions/v1/runs; /actions/v1/runs;v=1
        /actions/v1/runs%3Bv=1 /actions/v1;x/runs /actions;x/v1/runs /actions/v1/runs%20 /actions/v1/runs%09
        /actions/v1/runs%0A /actions/v1/runs%0D%0A /actions/v1/runs%00 /actions/v1/runs%00.txt
        /actions/v1/runs%3F /actions/v1/runs%3Fx=1 /actions/v1/runs%23x /actions/v1/runs.
        /actions/v1/runs.json /actions/v1/runs.json/ /actions/v1/runs.JSON;x /actions/v1/runs/;x
        /actions/v1/x/..;/runs /actions/v1/.;/runs /actions/v1/x/..%2Fruns /actions/v1/x/%c0%ae%c0%ae/runs
        ${STORED}/run/ ${STORED}//run ${STORED}/Run ${STORED}/RUN ${STORED}/r%75n ${STORED}/run;v=1
        ${STORED}/run%20 ${STORED}/run.json ${STORED}/run%2F ${STORED}/run%3Fx ${STORED};v=1/run
        ${STORED}%2Frun /actions/v1/Stored-Actions/${ACTION}/run /actions/v1/stored%2Dactions/${ACTION}/run
        /actions/v1/stored-actions;x/${ACTION}/run /actions/v1/stored-actions//${ACTION}/run`,
    ),
    ...by(
      "GET",
      words`
        /actions/v1/runs/${RUN}/ /actions/v1/runs//${RUN} /actions/v1/Runs/${RUN} /actions/v1/r%75ns/${RUN}
        /actions/v1/runs/${RUN};x /actions/v1/runs/${RUN}.json /actions/v1/runs/${RUN}%20
        /actions/v1/runs;x/${RUN} /actions/v1/runs%2F${RUN} ${STORED}/runs/${RUN}/ ${STORED}/Runs/${RUN}
        ${STORED};x/runs/${RUN} ${STORED}/runs;x/${RUN} ${STORED}/runs/${RUN}.json`,
    ),
    ["HEAD", `/actions/v1/runs/${RUN}/`],
    ["HEAD", `/actions/v1/runs/${RUN}`],
    ["HEAD", `${STORED}/runs/${RUN}`],
  ])("%s %s is counted or not forwarded", async (method, path) => {
    await expectCountedOrRefused(method, path, form === "raw");
  });
});

describe.each(FORMS)("an honest path, %s, is forwarded as it is", (form) => {
  it.each<[string, string]>([
    ...by(
      "GET",
      words`
        /actions/v1/apps /actions/ /actions/v1/apps/ /actions/v1/stored-actions
        /actions/v1/stored-actions?limit=10&cursor=%2Fa%252F..%2F /actions/v1/runs ${STORED}/runs
        ${STORED}/runs?page=../../admin`,
    ),
    ["GET", STORED],
    ["PUT", STORED],
    ["PATCH", STORED],
    ["DELETE", STORED],
    ["OPTIONS", "/actions/v1/stored-actions"],
    ["HEAD", "/actions/v1/stored-actions"],
    ...by(
      "GET",
      words`
        /actions/v1/apps/slack%20bot/a..b/..c/d../... /actions/v1/apps/caf%C3%A9/%E2%82%AC
        /actions/v1/apps/v1.2.json /actions/v1/apps/a:b@c,d;e=f /actions/v1/runsheet /actions/v1/apps/runs
        /actions/v1/apps/run/`,
    ),
  ])("%s %s", async (method, path) => {
    const answer = await gateway.call(path, { method, claims: attacker.claims, raw: form === "raw" });
    expect(answer.status).toBe(200);
    const { method: askedMethod, path: askedPath } = gateway.upstream.asked.at(-1) ?? {};
    expect([askedMethod, askedPath]).toEqual([method, path]);
    counts.served += 1;
  });
});

describe("without a token nothing under /actions/ answers, however it is spelled", () => {
  it.each<[string, number, number]>([
    ["/actions", 401, 401],
    ["/actions//", 401, 401],
    ["/actions/v1/apps", 401, 401],
    ["/actions/v1/runs%00", 401, 401],
    ["/actions/../admin", 404, 401],
    ["/actions/..\\admin", 404, 401],
    ["/actions\\v1\\runs", 401, 404],
    ["/x/%2e%2e/actions/v1/runs", 401, 404],
    ["/%61ctions/v1/runs", 401, 401],
  ])("%s", async (path, resolved, raw) => {
    for (const form of FORMS) {
      for (const method of ["GET", "POST", "OPTIONS", "DELETE"]) {
        const asked = gateway.upstream.asked.length;
        const call = { method, claims: null, raw: form === "raw" };
        const answer = await gateway.call(path, { ...call, circumstances: { rateLimit: "off" } });
        expectProblem(answer, form === "raw" ? raw : resolved, null);
        expect(gateway.upstream.asked).toHaveLength(asked);
        counts.refused += 1;
      }
    }
  });
});

itAddsUp(counts, { refused: 452, served: 127 });

/** Never uncounted at the upstream: either its window shows it, or the upstream was not asked. */
async function expectCountedOrRefused(method: string, path: string, raw: boolean): Promise<void> {
  const { claims } = attacker;
  const body = method === "POST" ? { body: '{"data":{}}' } : {};
  const asked = gateway.upstream.asked.length;
  const answer = await gateway.call(path, { method, claims, headers: JSON_TYPE, raw, ...body });
  if (isCounted(answer)) {
    for (const { path: forwarded } of gateway.upstream.asked.slice(asked))
      expect(ROUTES).toContain(forwarded);
  } else {
    expect(gateway.upstream.asked).toHaveLength(asked);
    expect(answer.status).toBe(404);
  }
  counts.refused += 1;
}

/** What a counted request may be forwarded as. */
const ROUTES = [RUN_PATH, "/actions/v1/runs", `/actions/v1/runs/${RUN}`, `${STORED}/runs/${RUN}`];

/** Only a route that counts says what is left. */
function isCounted(answer: Answer): boolean {
  return !Number.isNaN(readRemaining(answer));
}

function escaped(text: string): string {
  return text.replaceAll(/[0-9a-f]/gi, (char) => `%${char.charCodeAt(0).toString(16)}`);
}
