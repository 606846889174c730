// What an event carries, as a closed list: a type, a time, one plain sentence, hosts, counts, a page of the console. It has
// no token, body, subject, user or path of a callback in it. Once released, a type or a member is public.
import { formatTime } from "../../platform/date-time.ts";
import type { Event, EventType } from "./topics.ts";

type Say = (counts: (name: string) => number, subject: string, since: string) => string;

const DEAD_LETTERS = "dead-letters";
const DESTINATIONS = "destinations";
const OVERVIEW = "";

const MESSAGES: Record<EventType, { subject?: "host" | "store"; page: string; say: Say }> = {
  "host.down": {
    subject: "host",
    page: DESTINATIONS,
    say: (n, host, since) =>
      `${host} has been down since ${since}${again(n)}: no callback reaches it, and its deliveries wait.`,
  },
  "host.up": {
    subject: "host",
    page: DESTINATIONS,
    say: (n, host, since) => `${host} has been up again since ${since}${between(n)}.`,
  },
  "host.dead_letters": {
    subject: "host",
    page: DEAD_LETTERS,
    say: (n, host, since) =>
      n("dead_letters") === 1
        ? `1 delivery to ${host} has become a dead letter since ${since}.`
        : `${n("dead_letters")} deliveries to ${host} have become dead letters since ${since}.`,
  },
  "hosts.summary": {
    page: DESTINATIONS,
    say: (n, _, since) =>
      `Of more hosts than are named one by one, since ${since}: ${n("down")} went down, ${n("up")} came up again; dead letters: ${n("dead_letters")}.`,
  },
  "upstream.down": {
    page: OVERVIEW,
    say: (n, _, since) =>
      `The upstream has been failing since ${since}${again(n)}: ${n("failed")} of ${n("requests")} starts and reads of a minute failed.`,
  },
  "upstream.up": {
    page: OVERVIEW,
    say: (n, _, since) => `The upstream has been answering again since ${since}${between(n)}.`,
  },
  "runs.overdue": {
    page: DEAD_LETTERS,
    say: (n, _, since) =>
      `${plural(n("runs"), "run is", "runs are")} overdue, of ${plural(n("users"), "user")}, the first since ${since}.`,
  },
  "queue.late": {
    page: OVERVIEW,
    say: (n, _, since) =>
      `${plural(n("messages"), "message has", "messages have")} waited in the queue for more than 30 seconds since ${since}, the longest for about ${n("longest_seconds")} seconds.`,
  },
  "storage.failing": {
    subject: "store",
    page: OVERVIEW,
    say: (n, store, since) =>
      `${store === "kv" ? "KV" : "D1"} has failed ${plural(n("failures"), "time")} since ${since}.`,
  },
  "gate.full": {
    page: OVERVIEW,
    say: (n, _, since) =>
      `${plural(n("refused"), "start has", "starts have")} been refused since ${since}, because the gate of the user is full.`,
  },
};

/** `publicUrl` null, in development: without a link. */
export function toMessage(
  { type, subject, sinceMs, counts }: Event,
  publicUrl: string | null,
  nowMs: number,
) {
  const { subject: member, page, say } = MESSAGES[type];
  const since = `${formatTime(sinceMs).slice(0, 16).replace("T", " ")} UTC`;
  const link = publicUrl === null ? {} : { console: `${publicUrl}/console${page && `/${page}`}` };
  return {
    type,
    timestamp: formatTime(nowMs),
    text: say((name) => counts[name] ?? 0, subject, since),
    data: { ...(member && { [member]: subject }), since: formatTime(sinceMs), ...counts, ...link },
  };
}

function again(n: (name: string) => number): string {
  return n("outages") > 1 ? ` (for the ${ordinal(n("outages"))} time since the last message)` : "";
}

function between(n: (name: string) => number): string {
  return n("outages") > 0 ? `, after ${plural(n("outages"), "more outage")}` : "";
}

function ordinal(n: number): string {
  return `${n}${{ 2: "nd", 3: "rd" }[n] ?? "th"}`;
}

function plural(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
