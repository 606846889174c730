// An operator pauses a host, so that no callback goes there until a moment, or resumes it.
import type { Operator } from "../auth/operator.ts";
import { addPause, findPause, removePause } from "../callbacks/host-pauses.ts";
import { readPauses, writePauses } from "../callbacks/paused-hosts.ts";
import { formatTime } from "../platform/date-time.ts";
import type { Services } from "../services/services.ts";
import { type Acted, audited, newEntry } from "./audit.ts";

type PauseDeps = Pick<Services, "operatorsDb" | "kv">;

/** A host that is paused already is paused until the new moment. `refused` when too many hosts are paused. */
export function pauseHost(
  { operatorsDb, kv }: PauseDeps,
  operator: Operator,
  host: string,
  untilMs: number,
): Promise<Acted> {
  const noted = newEntry(operator, "pause_host", host, `until ${formatTime(untilMs)}`);
  return audited(operatorsDb, noted, async () => {
    const pause = { host, untilMs, operator: operator.name, setAtMs: noted.at_ms };
    const pauses = addPause(await readPauses(kv, noted.at_ms), pause, noted.at_ms);
    if (pauses === null)
      return { kind: "refused", detail: "Too many hosts are paused: resume others first." };
    await writePauses(kv, pauses);
    return { kind: "done" };
  });
}

/** `refused` when it is not paused. */
export function resumeHost({ operatorsDb, kv }: PauseDeps, operator: Operator, host: string): Promise<Acted> {
  const noted = newEntry(operator, "resume_host", host);
  return audited(operatorsDb, noted, async () => {
    const pauses = await readPauses(kv, noted.at_ms);
    if (findPause(pauses, host, noted.at_ms) === null)
      return { kind: "refused", detail: "This host is not paused." };
    await writePauses(kv, removePause(pauses, host, noted.at_ms));
    return { kind: "done" };
  });
}
