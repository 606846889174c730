// Dead letters that operators dismiss, one or many, and what becomes of those that a batch has sent again.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import type { RedeliveryFilter } from "../../src/operators/views.ts";
import { ask, post } from "../console/bench.ts";
import { losingAnswer } from "../support/bindings.ts";
import { HOUR, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { Stage, type Started } from "../support/stage.ts";
import { words } from "../support/words.ts";

const WHY = "the receiver is gone for good";

let stage: Stage;
let alice: string;

freshForEach();
beforeEach(async () => {
  stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "1" });
  alice = await buildUserKey(stage.gateway.issuer.issuer, "alice");
  stage.receive(() => new Response(null, { status: 500 }));
});

/** A dead letter that the index knows. */
async function deadRun(path = "/hook"): Promise<Started> {
  const run = await stage.finish(await stage.start({ callback_url: `https://client.example${path}` }));
  await stage.pass(HOUR);
  return run;
}

function dismiss({ runId }: Pick<Started, "runId">, query = `?dismissal=${encodeURIComponent(WHY)}`) {
  return post(stage.gateway, `/runs/${runId}/dismiss${query}`);
}

async function listed(query = ""): Promise<string[]> {
  const { body } = await ask(stage.gateway, `/dead-letters${query}`);
  const counted = body.groups.reduce(
    (sum: number, group: { dead_letters: number }) => sum + group.dead_letters,
    0,
  );
  expect(counted).toBe(body.dead_letters.length);
  return body.dead_letters.map(({ run_id: id }: { run_id: string }) => id).toSorted();
}

async function audit(): Promise<unknown[]> {
  const { entries } = (await ask(stage.gateway, "/audit")).body;
  return entries.map((each: Record<string, unknown>) => [each["action"], each["detail"], each["outcome"]]);
}

/** Of one moment they come in any order. */
function byText(entries: unknown[]): unknown[] {
  return entries.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

async function batch(
  what: "redeliver" | "dismiss",
  body: Partial<RedeliveryFilter> & { dismissal?: string },
) {
  const begun = await post(stage.gateway, `/dead-letters/${what}`, body);
  expect(begun.status).toBe(202);
  await stage.drain();
  const read = async () => (await ask(stage.gateway, `/redeliveries/${begun.body.id}`)).body;
  return { id: begun.body.id, read };
}

describe("a dead letter that is dismissed", () => {
  it("is out of the list and the counts at once, and is shown with its reason where it is asked for", async () => {
    const [gone, kept] = [await deadRun(), await deadRun()];
    const { status, body } = await dismiss(gone);
    expect([status, body]).toMatchObject([
      200,
      { operator: "olga", action: "dismiss", target: gone.runId, detail: WHY, outcome: "done" },
    ]);
    expect(await listed()).toEqual([kept.runId]);
    expect(await listed("?dismissed=true")).toEqual([gone.runId]);
    const dismissed = { at: body.at, by: "olga", reason: WHY };
    const shown = (await ask(stage.gateway, "/dead-letters?dismissed=true")).body.dead_letters[0];
    expect(shown).toMatchObject({ dismissed: { by: "olga", reason: WHY }, status: 500 });
    const run = (await ask(stage.gateway, `/runs/${gone.runId}`)).body;
    expect(run).toMatchObject({ state: "dead", dismissed: { ...dismissed, at: shown?.dismissed?.at } });
    expect(run.can).toMatchObject({ dismiss: false, redeliver: true });
    expect(await audit()).toEqual([["dismiss", WHY, "done"]]);
  });

  it("is told again to an index that was lost", async () => {
    const { runId } = await deadRun();
    await dismiss({ runId });
    await env.OPERATORS_DB.exec("DELETE FROM dead_letters");
    await env.OPERATORS_DB.exec("UPDATE epoch SET id = lower(hex(randomblob(16)))");
    expect(await (await stage.gateway.gateOf()).reindex()).toBe(true);
    await stage.pass(HOUR);
    expect([await listed(), await listed("?dismissed=true")]).toEqual([[], [runId]]);
  });

  it("can be sent again, and is not dismissed when it dies again", async () => {
    const run = await deadRun();
    await dismiss(run);
    expect((await post(stage.gateway, `/runs/${run.runId}/redeliver`)).status).toBe(202);
    await stage.pass(HOUR);
    expect([await listed(), await listed("?dismissed=true")]).toEqual([[run.runId], []]);
    expect((await ask(stage.gateway, `/runs/${run.runId}`)).body.dismissed).toBeNull();
  });

  it("is dismissed once, with a reason, and only if it is a dead letter", async () => {
    const run = await deadRun();
    for (const query of ["", "?dismissal=%20", `?dismissal=${"x".repeat(501)}`]) {
      const { status, body } = await dismiss(run, query);
      expect([status, body.errors?.[0]?.source]).toEqual([400, { parameter: "dismissal" }]);
    }
    await dismiss(run);
    expect((await dismiss(run)).status).toBe(409);
    stage.receive(() => new Response(null, { status: 204 }));
    const fine = await stage.finish(await stage.start({ callback_url: "https://client.example/hook" }));
    expect((await dismiss(fine, `?user=${alice}&dismissal=x`)).status).toBe(409);
    expect(byText(await audit())).toEqual([
      ["dismiss", "The dead letter has been dismissed already.", "refused"],
      ["dismiss", "The run is no dead letter.", "refused"],
      ["dismiss", WHY, "done"],
    ]);
  });

  it("by two operators at once has the reason of the first, and the second is told", async () => {
    const run = await deadRun();
    const reasons = ["the receiver has moved", "the order was cancelled"];
    const answers = await Promise.all(
      reasons.map((reason) => dismiss(run, `?dismissal=${encodeURIComponent(reason)}`)),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    const first = reasons[answers.findIndex(({ status }) => status === 200)];
    const { body } = await ask(stage.gateway, `/runs/${run.runId}`);
    expect(body).toMatchObject({ dismissed: { reason: first } });
    expect(byText(await audit())).toEqual(
      byText([
        ["dismiss", first, "done"],
        ["dismiss", "The dead letter has been dismissed already.", "refused"],
      ]),
    );
  });

  it("is dismissed though the gate's answer was lost", async () => {
    stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "1" }, losingAnswer("USER_GATE.dismiss"));
    stage.receive(() => new Response(null, { status: 500 }));
    expect((await dismiss(await deadRun())).status).toBe(200);
  });

  it("is not found as another user's run, and nothing is written down", async () => {
    const { runId } = await deadRun();
    const bob = await buildUserKey(stage.gateway.issuer.issuer, "bob");
    const { status, text } = await dismiss({ runId }, `?user=${bob}&dismissal=x`);
    expect([status, text.includes("client.example"), text.includes(alice)]).toEqual([404, false, false]);
    expect([await audit(), await listed()]).toEqual([[], [runId]]);
  });
});

describe("a batch that dismisses", () => {
  it("takes those that were chosen, and skips what is no dead letter", async () => {
    const [first, second, third] = [await deadRun(), await deadRun(), await deadRun()];
    const runIds = [first.runId, second.runId, crypto.randomUUID()];
    const { id, read } = await batch("dismiss", { run_ids: runIds, dismissal: ` ${WHY} ` });
    expect(await read()).toMatchObject({
      status: "finished",
      dismissal: WHY,
      examined: 3,
      sent: 2,
      skipped: 1,
      delivered: 0,
      failed: 0,
    });
    expect(await listed()).toEqual([third.runId]);
    expect(await listed("?dismissed=true")).toEqual([first.runId, second.runId].toSorted());
    expect(await audit()).toEqual([["dismiss_many", `3 chosen: ${WHY}`, "done"]]);
    expect(id).toMatch(/^[\w-]{36}$/);
    expect(stage.received).toHaveLength(6);
  });

  it("takes those of a host, a reason and a status code, literally, and no other", async () => {
    const gone = await deadRun();
    stage.receive(() => new Response(null, { status: 404 }));
    const other = await deadRun();
    for (const host of words`%.example client.exampl_ client%`)
      await batch("dismiss", { host, dismissal: WHY });
    expect(await listed()).toEqual([gone.runId, other.runId].toSorted());
    const filter = { host: "client.example", reason: "status is no 2xx", http_status: 500 };
    await batch("dismiss", { ...filter, dismissal: WHY });
    expect(await listed()).toEqual([other.runId]);
    expect(await listed("?http_status=404&host=https://CLIENT.example/x")).toEqual([other.runId]);
  });

  it("keeps its dead letters out of later redeliveries, but for one of the dismissed", async () => {
    const { runId } = await deadRun();
    await batch("dismiss", { host: "client.example", dismissal: WHY });
    expect(await (await batch("redeliver", { host: "client.example" })).read()).toMatchObject({
      examined: 0,
    });
    const again = await batch("redeliver", { host: "client.example", dismissed: true });
    expect(await again.read()).toMatchObject({ examined: 1, sent: 1 });
    await stage.pass(HOUR);
    expect(await listed()).toEqual([runId]);
  });
});

describe("what becomes of the runs that a batch has sent again", () => {
  it("is counted: delivered, failed again, or still going", async () => {
    const runs = [
      await deadRun("/fine"),
      await deadRun("/gone"),
      await deadRun("/bad"),
      await deadRun("/bad"),
    ];
    stage.receive(({ url }) => {
      if (url.endsWith("/fine")) return new Response(null, { status: 204 });
      return new Response(null, { status: url.endsWith("/gone") ? 410 : 500 });
    });
    const { read } = await batch("redeliver", { run_ids: runs.map(({ runId }) => runId) });
    expect(await read()).toMatchObject({ status: "finished", sent: 4, delivered: 0, failed: 0 });
    await stage.ring();
    await stage.drain();
    await stage.ring();
    expect(await read()).toMatchObject({ sent: 4, delivered: 1, failed: 1 });
    await stage.pass(HOUR);
    expect(await read()).toMatchObject({ sent: 4, delivered: 1, failed: 3 });
    expect(await listed()).toEqual(
      runs
        .slice(2)
        .map(({ runId }) => runId)
        .toSorted(),
    );
  });

  it("is counted once, and not of another batch or of a single redelivery", async () => {
    const { runId } = await deadRun();
    const first = await batch("redeliver", { run_ids: [runId] });
    await stage.pass(HOUR);
    const second = await batch("redeliver", { run_ids: [runId] });
    await stage.pass(SECOND);
    await stage.pass(HOUR);
    await post(stage.gateway, `/runs/${runId}/redeliver`);
    await stage.pass(HOUR);
    for (const { read } of [first, second])
      expect(await read()).toMatchObject({ sent: 1, delivered: 0, failed: 1 });
  });
});
