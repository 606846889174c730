// The clock of everything in this isolate, Durable Objects included: it stands still until it is moved. Timers run on,
// and KV's own expiry keeps the real time. It is set in the future, because an alarm in the past fires at once.
import { vi } from "vitest";

export const T0 = Date.parse("2040-01-01T00:00:00Z");
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function stopClock(atMs: number = T0): void {
  vi.useFakeTimers({ toFake: ["Date"], now: atMs });
}

export function moveClock(byMs: number): void {
  vi.setSystemTime(Date.now() + byMs);
}
