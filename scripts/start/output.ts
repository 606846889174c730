// What `wrangler dev` prints, line by line, and what of it the terminal shows. Noise is what this file lists, and nothing
// else: a line that it does not know may be a diagnosis, and is shown with the lines that belong to it.
import { formatEvent, type LogEvent, parseLogLine } from "./log-line.ts";

/** A line that a newcomer has no use for, and the lines that may follow it. */
type Noise = { starts: RegExp; continues?: RegExp };

export type Shown =
  | { kind: "nothing" }
  /** Of the gateway's work: of use once it is ready. */
  | { kind: "activity"; text: string }
  /** Everything that is not known. */
  | { kind: "diagnosis"; text: string };

const NOISE: readonly Noise[] = [
  { starts: /^\S.* has access to the following bindings:$/, continues: /^(Binding +Resource|env\.\w)/ },
  { starts: /^Service bindings, Durable Object bindings, and Tail consumers connect to / },
  { starts: /^Using (secrets|vars) defined in / },
  // It compares every Worker's bindings with the first Worker's file of types, so that the sandbox's never fit, and has no
  // setting that turns it off. `npm run types:check` compares each with its own.
  { starts: /^❓ Your types might be out of date\./ },
  {
    starts: /^▲ \[WARNING\] Scheduled Workers are not automatically triggered/,
    continues: /^(| {2}To manually trigger .*| {4}curl .*| {2}For more details, see .*cron-triggers.*)$/,
  },
  { starts: /^⎔ (Starting|Reloading|Shutting down) local server\.\.\.$/ },
  { starts: /^⎔ Connection status updated$/ },
  { starts: /^\[wrangler:info\] Ready on http/, continues: /^\[wrangler:info\] - http\S+$/ },
  // The gateway has a line of its own for each request.
  { starts: /^\[wrangler:info\] [A-Z]+ \S+ \d{3} .*\(\d+ms\)$/ },
  // The gateway has a line of its own for what goes wrong with a message.
  { starts: /^\[wrangler:info\] QUEUE \S+ \d+\/\d+ \(\d+ms\)$/ },
  { starts: /^🪵 +Logs were written to / },
  { starts: /^Note that there is a newer version of Wrangler available/ },
];
/** The reason why a request is refused: shown with the line of the request, which comes next. */
const REFUSED = new Set(["caller.refused", "operator.refused"]);
const RELOADED = /^⎔ Local server updated and ready$/;
// oxlint-disable-next-line no-control-regex -- an escape sequence begins with one
const COLOUR = /\u001B\[[\d;]*m/g;
const NOTHING: Shown = { kind: "nothing" };

/** One stream of wrangler's. */
export class WranglerOutput {
  readonly #ownTraceId: string;
  readonly #now: () => string;
  #continues: RegExp | undefined;
  /** Empty lines are shown only within a diagnosis, one at a time. */
  #diagnosis: "none" | "open" | "after_empty_line" = "none";

  /** Of requests that are refused, by their ids. */
  readonly #reasons = new Map<unknown, unknown>();

  /** Requests of the trace `ownTraceId` are start's own, and are not shown. */
  constructor(ownTraceId: string, now = () => new Date().toISOString()) {
    this.#ownTraceId = ownTraceId;
    this.#now = now;
  }

  read(line: string): Shown {
    const plain = stripColours(line);
    if (this.#isNoise(plain)) return this.#endDiagnosis(NOTHING);
    if (plain.trim() === "") {
      if (this.#diagnosis === "open") this.#diagnosis = "after_empty_line";
      return NOTHING;
    }
    if (RELOADED.test(plain)) return this.#endDiagnosis(activity({ event: "reloaded", time: this.#now() }));
    const event = parseLogLine(plain);
    if (event !== null) return this.#endDiagnosis(this.#readEvent(event));
    const text = this.#diagnosis === "after_empty_line" ? `\n${line}` : line;
    this.#diagnosis = "open";
    return { kind: "diagnosis", text };
  }

  #readEvent(event: LogEvent): Shown {
    if (event["trace_id"] === this.#ownTraceId) return NOTHING;
    const { request_id: id, reason } = event;
    if (REFUSED.has(event.event)) {
      this.#reasons.set(id, reason);
      return NOTHING;
    }
    if (event.event !== "request.served" || !this.#reasons.has(id)) return activity(event);
    const outcome = `${String(event["outcome"])} (${String(this.#reasons.get(id))})`;
    this.#reasons.delete(id);
    return activity({ ...event, outcome });
  }

  #isNoise(plain: string): boolean {
    if (this.#continues?.test(plain)) return true;
    const noise = NOISE.find(({ starts }) => starts.test(plain));
    this.#continues = noise?.continues;
    return noise !== undefined;
  }

  #endDiagnosis(shown: Shown): Shown {
    this.#diagnosis = "none";
    return shown;
  }
}

export function stripColours(line: string): string {
  return line.replaceAll(COLOUR, "");
}

function activity(event: LogEvent): Shown {
  return { kind: "activity", text: formatEvent(event) };
}
