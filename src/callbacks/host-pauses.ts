// The list of the hosts that operators have paused. Arithmetic only: the time is passed in.
import { memberOf } from "../platform/json.ts";

/** `host`: as `URL.host` gives it. */
export type HostPause = { host: string; untilMs: number; operator: string; setAtMs: number };

const MAX_PAUSES = 200;

/** Null: it is not paused, or not any more. */
export function findPause(pauses: readonly HostPause[], host: string, nowMs: number): HostPause | null {
  return inForce(pauses, nowMs).find((pause) => pause.host === host) ?? null;
}

/** The list with this pause, in the place of an earlier one of the host. Null: there are too many. */
export function addPause(pauses: readonly HostPause[], pause: HostPause, nowMs: number): HostPause[] | null {
  const others = removePause(pauses, pause.host, nowMs);
  return others.length < MAX_PAUSES ? [...others, pause] : null;
}

/** The list without this host, and without what has lapsed. */
export function removePause(pauses: readonly HostPause[], host: string, nowMs: number): HostPause[] {
  return inForce(pauses, nowMs).filter((pause) => pause.host !== host);
}

export function inForce(pauses: readonly HostPause[], nowMs: number): HostPause[] {
  return pauses.filter(({ untilMs }) => nowMs < untilMs);
}

/** What cannot be read is no pause. */
export function parsePauses(value: unknown): HostPause[] {
  const hosts = memberOf(value, "hosts");
  return Array.isArray(hosts) ? hosts.filter(isPause) : [];
}

function isPause(value: unknown): value is HostPause {
  const texts = [memberOf(value, "host"), memberOf(value, "operator")];
  const times = [memberOf(value, "untilMs"), memberOf(value, "setAtMs")];
  return texts.every((text) => typeof text === "string") && times.every(Number.isFinite);
}
