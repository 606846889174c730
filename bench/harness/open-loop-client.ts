// A process of its own that sends requests at a fixed rate, whatever the answers do: each is due at a moment drawn
// beforehand (a Poisson process, as of many callers who do not know of each other), and its latency counts from that
// moment, so that what waits for a free connection is not left out. Prints nothing; says its result to its parent.
import { connect, type Socket } from "node:net";
import { messageEnd } from "./http-text.ts";
import type { OpenLoop, OpenLoopResult } from "./open-loop.ts";
import { freshIdPrefix } from "./requests.ts";

/** Between checks of the clock and the sockets. A timer of Node is no finer than 1 ms; spinning would take a core. */
const TICK_MS = 0.1;
const FINISH_WITHIN_MS = 30_000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

process.once("message", (load: OpenLoop) => {
  new Client(load).run();
});

type Connection = { socket: Socket; dueMs: number | null; pending: string };

class Client {
  readonly #load: OpenLoop;
  readonly #idle: Connection[] = [];
  readonly #due: number[] = [];
  readonly #latenciesMs: number[] = [];
  readonly #idPrefix = freshIdPrefix();
  #sent = 0;
  #nextDueMs = 0;
  #endMs = 0;
  #wrong: string | null = null;

  constructor(load: OpenLoop) {
    this.#load = load;
  }

  run(): void {
    for (let at = 0; at < this.#load.connections; at++) this.#open();
    this.#nextDueMs = performance.now() + 100;
    this.#endMs = this.#nextDueMs + this.#load.seconds * 1000;
    this.#tick();
  }

  #open(): void {
    const socket = connect({ port: this.#load.port, host: "127.0.0.1", noDelay: true });
    const connection: Connection = { socket, dueMs: null, pending: "" };
    socket.setEncoding("latin1");
    socket.once("connect", () => this.#idle.push(connection));
    socket.on("data", (text: string) => this.#receive(connection, text));
    socket.on("close", () => this.#fail("a connection was closed"));
    socket.on("error", () => this.#fail("a connection broke"));
  }

  #tick(): void {
    const nowMs = performance.now();
    for (; this.#nextDueMs <= nowMs && this.#nextDueMs < this.#endMs; this.#nextDueMs += this.#gapMs())
      this.#due.push(this.#nextDueMs);
    this.#sendDue();
    const all =
      this.#nextDueMs >= this.#endMs && this.#latenciesMs.length === this.#sent && this.#due.length === 0;
    if (all || this.#wrong !== null) return this.#report();
    if (nowMs > this.#endMs + FINISH_WITHIN_MS) this.#fail("answers did not come");
    Atomics.wait(sleeper, 0, 0, TICK_MS);
    setImmediate(() => this.#tick());
  }

  #gapMs(): number {
    return (-Math.log(1 - Math.random()) * 1000) / this.#load.perSecond;
  }

  #sendDue(): void {
    while (this.#due.length > 0) {
      const connection = this.#idle.shift();
      if (connection === undefined) return;
      connection.dueMs = this.#due.shift() ?? null;
      connection.socket.write(this.#nextRequest(), "latin1");
    }
  }

  #nextRequest(): string {
    const { requests } = this.#load;
    const [before, after] = requests[this.#sent % requests.length] ?? [""];
    this.#sent += 1;
    if (after === undefined) return before;
    return `${before}${this.#idPrefix}${this.#sent.toString(16).padStart(12, "0")}${after}`;
  }

  #receive(connection: Connection, text: string): void {
    connection.pending += text;
    const end = messageEnd(connection.pending);
    if (end === -1 || connection.pending.length < end) return;
    const status = connection.pending.slice("HTTP/1.1 ".length, "HTTP/1.1 ".length + 3);
    if (status !== String(this.#load.expectedStatus)) this.#fail(`an answer was ${status}`);
    this.#latenciesMs.push(performance.now() - (connection.dueMs ?? Number.NaN));
    connection.pending = "";
    connection.dueMs = null;
    this.#idle.push(connection);
    this.#sendDue();
  }

  #fail(why: string): void {
    this.#wrong ??= why;
  }

  #report(): void {
    const result: OpenLoopResult = { latenciesMs: this.#latenciesMs, wrong: this.#wrong };
    process.send?.(result, () => process.exit(0));
  }
}
