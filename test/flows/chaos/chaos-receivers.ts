// The receivers, each a host of its own, on good and on bad days.
import { Receiver, type Reply } from "../support/receiver.ts";
import { type Plan, type PlannedRun, troubleAt } from "./plan.ts";
import type { Timeline } from "./timeline.ts";

export type Told = { webhookId: string; body: string; isAcknowledged: boolean };

const ACKNOWLEDGED = 204;
const FAILURE = 500;

export class ChaosReceivers {
  readonly #told = new Map<number, Told[]>();
  readonly #receivers: Receiver[] = [];
  readonly #plan: Plan;
  readonly #timeline: Timeline;

  private constructor(plan: Plan, timeline: Timeline) {
    this.#plan = plan;
    this.#timeline = timeline;
  }

  static async listen(plan: Plan, timeline: Timeline): Promise<ChaosReceivers> {
    const all = new ChaosReceivers(plan, timeline);
    for (const index of plan.receivers.keys())
      all.#receivers.push(await Receiver.listen((delivery) => all.#reply(index, delivery)));
    return all;
  }

  urlFor({ number, receiver }: PlannedRun): string {
    return this.#receivers[receiver]?.url(`/runs/${number}`) ?? "";
  }

  toldOf(number: number): readonly Told[] {
    return this.#told.get(number) ?? [];
  }

  close(): void {
    for (const receiver of this.#receivers) receiver.close();
  }

  #reply(index: number, { path, headers, body }: Receiver["deliveries"][number]): Reply {
    const number = Number(path.replace("/runs/", ""));
    const fails = this.toldOf(number).length < (this.#plan.runs[number]?.failedAttempts ?? 0);
    const trouble =
      troubleAt(this.#plan.receivers[index] ?? [], this.#timeline.nowMs) ?? (fails ? FAILURE : null);
    const told = { webhookId: headers.get("webhook-id") ?? "", body: body.toString() };
    this.#told.set(number, [...this.toldOf(number), { ...told, isAcknowledged: trouble === null }]);
    this.#timeline.note(`receiver ${index} was told, and answers ${trouble ?? ACKNOWLEDGED}`, number);
    if (trouble !== null) this.#timeline.count(`receivers ${trouble}`);
    if (trouble === "reset") throw new Error("the connection breaks");
    return trouble ?? ACKNOWLEDGED;
  }
}
