// Bounds on what hosts make operators hear. Host names are free to make up, so a few users can break hosts without end: the
// notifier keeps a limited number of topics of hosts and names a limited number of hosts at a time. What is beyond that is
// counted in one topic, `hosts.summary`, so that nothing happens unsaid. Pure.
import { type Counts, type Event, hasNews, type Observation, type Topic } from "./topics.ts";

export const MAX_HOST_TOPICS = 1_000;
/** After each judgement, so that there is room for the hosts of the next one. */
const KEPT_HOST_TOPICS = 900;
/** Of one judgement. */
const MAX_HOST_EVENTS = 20;

export const HOST_TOPICS = ["host", "host.dead_letters"] as const satisfies readonly Topic["name"][];

export function isOfHost({ name }: Pick<Topic, "name">): boolean {
  return HOST_TOPICS.some((each) => each === name);
}

/** What is said of a host for which no topic is kept. */
export function toSummary(seen: Observation): Observation {
  if (!("isDown" in seen)) return summary(seen.counts, seen.sinceMs);
  return summary(seen.isDown ? { down: 1 } : { up: 1 });
}

/** The events that are sent as they are, and the others as observations of their sum. */
export function limitHostEvents(events: readonly Event[]): { sent: Event[]; summed: Observation[] } {
  const surplus = new Set(events.filter(({ type }) => type.startsWith("host.")).slice(MAX_HOST_EVENTS));
  return {
    sent: events.filter((event) => !surplus.has(event)),
    summed: [...surplus].map(({ type, counts, sinceMs }) =>
      summary(type === "host.dead_letters" ? counts : { [type === "host.down" ? "down" : "up"]: 1 }, sinceMs),
    ),
  };
}

/** Topics of hosts that go early, the oldest first. None of them has something to tell. */
export function findSurplus(topics: readonly Topic[]): Topic[] {
  const ofHosts = topics.filter(isOfHost);
  const quiet = ofHosts.filter((topic) => !hasNews(topic)).toSorted((a, b) => a.sinceMs - b.sinceMs);
  return quiet.slice(0, Math.max(0, ofHosts.length - KEPT_HOST_TOPICS));
}

function summary(counts: Counts, sinceMs?: number): Observation {
  return { name: "hosts.summary", subject: "", counts, ...(sinceMs !== undefined && { sinceMs }) };
}
