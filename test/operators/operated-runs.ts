// Runs of alice in each state of their lives, on a stage of their own, and an operator who reads them and acts.
import { beforeEach } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import { ask, post } from "../console/bench.ts";
import { HOUR } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { type Answer, type Gateway, makeGateway } from "../support/gateway.ts";
import { Stage, type Started } from "../support/stage.ts";

/** What the tests of a file share: set anew before each of them. */
export class OperatedRuns {
  #stage: Stage | null = null;
  #alice = "";

  get stage(): Stage {
    if (this.#stage === null) throw new Error("there is a stage only while a test runs");
    return this.#stage;
  }

  /** Her user key. */
  get alice(): string {
    return this.#alice;
  }

  static forEach(): OperatedRuns {
    const runs = new OperatedRuns();
    freshForEach(0.5);
    beforeEach(async () => {
      runs.#stage = await Stage.set();
      runs.#alice = await buildUserKey(runs.stage.gateway.issuer.issuer, "alice");
    });
    return runs;
  }

  read(run: Pick<Started, "runId">, query = `?user=${this.alice}`): Promise<Answer> {
    return ask(this.stage.gateway, `/runs/${run.runId}${query}`);
  }

  postTo(run: Pick<Started, "runId">, what: "poll" | "redeliver" | "abandon"): Promise<Answer> {
    return post(this.stage.gateway, `/runs/${run.runId}/${what}?user=${this.alice}`);
  }

  /** Another gateway with the same callers and upstream, and other bindings. */
  beside(bindings?: Parameters<typeof makeGateway>[1], settings = {}): Promise<Gateway> {
    return makeGateway(settings, bindings, this.stage.gateway);
  }

  async audit(): Promise<unknown[]> {
    const { entries } = (await ask(this.stage.gateway, "/audit")).body;
    const members = ["operator", "action", "target", "detail", "outcome"];
    return entries.map((entry: Record<string, unknown>) => members.map((name) => entry[name]));
  }

  async waiting(): Promise<Started> {
    const run = await this.stage.start();
    this.stage.waiting.add(run.runId);
    return run;
  }

  async retrying(): Promise<Started> {
    this.stage.receive(() => new Response(null, { status: 503 }));
    return this.stage.finish(await this.stage.start());
  }

  async dead(): Promise<Started> {
    const run = await this.retrying();
    await this.stage.pass(200 * HOUR);
    this.stage.received.length = 0;
    return run;
  }

  async delivered(): Promise<Started> {
    const run = await this.stage.finish(await this.stage.start());
    this.stage.received.length = 0;
    return run;
  }

  /** One that is charged, and has no receiver. */
  async withoutCallback(): Promise<Started> {
    const { body } = await this.stage.gateway.start({}, { claims: { billing: '{"is_billable":true}' } });
    return { runId: body.data.id, ref: "", completion: "" };
  }

  /** A start whose answer got lost on its way, and the run that the upstream made of it. */
  async unanswered(): Promise<{ runKey: string; runId: string }> {
    const runKey = crypto.randomUUID();
    const { upstream } = this.stage.gateway;
    upstream.loseAnswers();
    await this.stage.tryStart({ idempotency_id: runKey });
    upstream.behaveHonestly();
    return { runKey, runId: upstream.runUnder(runKey) ?? "" };
  }
}
