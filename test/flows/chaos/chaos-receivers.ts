// The receivers, each a host of its own, on good and on bad days.
import { Receiver, type Reply } from "../support/receiver.ts";
import { type Plan, type PlannedRun, troubleAt } from "./plan.ts";
import type { Timeline } from "./timeline.ts";

export type ReceivedCall = { webhookId: string; body: string; isAcknowledged: boolean };

const ACKNOWLEDGED = 204;
const FAILURE = 500;

export class ChaosReceivers {
  readonly #received = new Map<number, ReceivedCall[]>();
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
    return this.#receivers[receiver]?.urlAt(`/runs/${number}`) ?? "";
  }

  receivedOf(number: number): readonly ReceivedCall[] {
    return this.#received.get(number) ?? [];
  }

  close(): void {
    for (const receiver of this.#receivers) receiver.close();
  }

  #reply(index: number, { path, headers, body }: Receiver["deliveries"][number]): Reply {
    const number = Number(path.replace("/runs/", ""));
    const fails = this.receivedOf(number).length < (this.#plan.runs[number]?.failedAttempts ?? 0);
    const trouble =
      troubleAt(this.#plan.receivers[index] ?? [], this.#timeline.nowMs) ?? (fails ? FAILURE : null);
    const call = { webhookId: headers.get("webhook-id") ?? "", body: body.toString() };
    this.#received.set(number, [...this.receivedOf(number), { ...call, isAcknowledged: trouble === null }]);
    this.#timeline.note(`receiver ${index} received it, and answers ${trouble ?? ACKNOWLEDGED}`, number);
    if (trouble !== null) this.#timeline.count(`receivers ${trouble}`);
    if (trouble === "reset") throw new Error("the connection breaks");
    return trouble ?? ACKNOWLEDGED;
  }
}
