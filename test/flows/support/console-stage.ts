// A gateway that has run things, and operators at their browsers.
import type { Browser, BrowserContextOptions } from "playwright-core";
import { expect } from "vitest";
import { launchBrowser, Visitor } from "./browser.ts";
import { Caller, ECHO, toRunId } from "./caller.ts";
import { untilState } from "./deliveries.ts";
import { gatewayWith } from "./opened.ts";
import { type GatewayProcess, until } from "./process.ts";
import { Receiver } from "./receiver.ts";

export const WITHIN_MS = 30_000;
export const ATTEMPTS = 2;
export const BILLED = {
  billing: JSON.stringify({ is_billable: true, origin: "actions_api", usage_type: "action_run" }),
};
/** What does not count against a host: one that fails altogether would be left alone for a while. */
const GONE = 404;

export class ConsoleStage {
  readonly gateway: GatewayProcess;
  readonly receiver: Receiver;
  /** The receiver refuses until then, but for /fine. */
  isOpen = false;
  readonly #browser: Browser;
  #visitors: Visitor[] = [];

  private constructor(gateway: GatewayProcess, receiver: Receiver, browser: Browser) {
    this.gateway = gateway;
    this.receiver = receiver;
    this.#browser = browser;
    receiver.reply = ({ path }) => (path.startsWith("/fine") || this.isOpen ? 204 : GONE);
  }

  static async open(settings: Record<string, string | number>): Promise<ConsoleStage> {
    const [gateway, receiver, browser] = await Promise.all([
      gatewayWith({ CALLBACK_RETRY_SCHEDULE: 0, ...settings }),
      Receiver.listen(),
      launchBrowser(),
    ]);
    return new ConsoleStage(gateway, receiver, browser);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.receiver.close();
    await this.gateway.close();
  }

  /** All visitors go, and no page has complained. */
  async leave(): Promise<void> {
    this.isOpen = false;
    const left = this.#visitors.splice(0);
    const complaints = left.flatMap((each) => each.complaints);
    await Promise.all(left.map((each) => each.close()));
    expect(complaints).toEqual([]);
  }

  async visitor(options: BrowserContextOptions = {}): Promise<Visitor> {
    const visitor = await Visitor.of(this.#browser, this.gateway.url, options);
    this.#visitors.push(visitor);
    return visitor;
  }

  /** An operator whose browser runs scripts, or does not. */
  async operator(javaScriptEnabled = true, more: BrowserContextOptions = {}): Promise<Visitor> {
    const visitor = await this.visitor({ javaScriptEnabled, ...more });
    await visitor.signIn("olga");
    await visitor.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    return visitor;
  }

  caller(name: string): Promise<Caller> {
    return Caller.of(this.gateway.url, `${name}-${crypto.randomUUID()}`, BILLED);
  }

  async delivered(who: Caller, action = ECHO): Promise<string> {
    const data = { inputs: { n: 1 }, callback_url: this.receiver.urlAt("/fine") };
    const runId = toRunId(await who.start(action, data));
    await untilState(who, action, runId, "delivered");
    return runId;
  }

  async deadLetter(who: Caller): Promise<{ runId: string; path: string }> {
    const path = `/closed/${crypto.randomUUID()}`;
    const runId = toRunId(
      await who.start(ECHO, { inputs: { n: 1 }, callback_url: this.receiver.urlAt(path) }),
    );
    await until("the last attempt", WITHIN_MS, () => this.receiver.at(path).length === ATTEMPTS);
    await untilState(who, ECHO, runId, "dead");
    return { runId, path };
  }
}
