// A gateway whose bindings fail when a test says so, whose clock it can set ahead, and whose alarms then ring. Its code
// is the product's, wrapped (test/support/faulty-gateway.ts).
import { type GatewayProcess, startProcess, until } from "./process.ts";

export type How = "refused" | "moved" | "overloaded" | "lost" | "unheard" | "held";

export type LogLine = { event: string; request_id?: string; outcome?: string };

const GATEWAY = ["--gateway", "faulty-gateway"];
const WITHIN_MS = 20_000;

type Fault = { calls: string; how: How; times: number | null };

export class FaultyGateway {
  readonly #process: GatewayProcess;
  #faults: Fault[] = [];
  #aheadMs = 0;

  private constructor(process: GatewayProcess) {
    this.#process = process;
  }

  static async start(vars: Record<string, string>): Promise<FaultyGateway> {
    const args = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
    return new FaultyGateway(await startProcess({ args: [...GATEWAY, ...args] }));
  }

  get url(): string {
    return this.#process.url;
  }

  /** From now on these calls fail, and those that failed before go well: `KV.get`, `UserGate:KV.get` … */
  async fail(calls: RegExp, how: How = "refused", times: number | null = null): Promise<void> {
    this.#faults = [{ calls: calls.source, how, times }];
    await this.#tell();
  }

  /** Everything is as it should be. */
  async mend(): Promise<void> {
    this.#faults = [];
    await this.#tell();
  }

  /** All is well, and the clock is right again. */
  async reset(): Promise<void> {
    this.#aheadMs = 0;
    await this.mend();
  }

  /** Lets time pass: the clock jumps, and whatever alarm may have become due rings. */
  async pass(ms: number): Promise<void> {
    this.#aheadMs += ms;
    await this.#tell();
    await this.#send("POST", "/faults/ring");
  }

  /** All gates move to other machines. */
  async moveGates(): Promise<void> {
    await this.#send("POST", "/faults/move");
  }

  /** Waits until a binding was called so often since something was last set here. */
  async called(name: string, times = 1): Promise<void> {
    await until(name, WITHIN_MS, async () => {
      const names: string[] = JSON.parse(await this.#send("GET", "/faults"));
      return names.filter((each) => each === name).length >= times;
    });
  }

  /** Run ids of the dead letters in the operators' index. */
  async indexedDeadLetters(): Promise<string[]> {
    return JSON.parse(await this.#send("GET", "/faults/dead-letters"));
  }

  /** Killed, and started on the same state at the same time of day. */
  async restart(): Promise<void> {
    await this.#process.kill("SIGKILL");
    await this.#process.restart();
    await this.#tell();
  }

  close(): Promise<void> {
    return this.#process.close();
  }

  /** Waits for a line of the log. */
  async logged(is: (line: LogLine) => boolean): Promise<void> {
    await until("the log line", WITHIN_MS, () => this.#lines().some(is));
  }

  #lines(): LogLine[] {
    const texts = this.#process.output().match(/\{"time":.*\}$/gm) ?? [];
    return texts.map((text): LogLine => JSON.parse(text));
  }

  #tell(): Promise<string> {
    return this.#send("PUT", "/faults", JSON.stringify({ faults: this.#faults, aheadMs: this.#aheadMs }));
  }

  async #send(method: string, path: string, body?: string): Promise<string> {
    const answer = await fetch(`${this.url}${path}`, { method, ...(body === undefined ? {} : { body }) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.text();
  }
}
