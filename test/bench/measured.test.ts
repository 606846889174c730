import { expect, it } from "vitest";
import { messageEnd } from "../../bench/harness/http-text.ts";
import { LOADS, makeInputs } from "../../bench/harness/loads.ts";
import { type Measured, targetLines } from "../../bench/harness/targets.ts";

function measured(name: string, perSecond: number, cpuMs: number, latenciesMs: number[]): Measured {
  const closed = new Map([[16, [{ perSecond, cpuMs }]]]);
  return { name, title: name, closed, open: [latenciesMs], openPerSecond: 100 };
}

it("a target is met where the part of the exact floor is enough, and missed just beyond it", () => {
  const floor = measured("exact-floor", 1_000, 1, [9, 1, 10]);
  const plain = measured("ours-plain", 800, 1.31, [11.25, 2, 12.6]);
  const known = measured("ours-replay", 100, 1.2, []);
  expect(targetLines([floor, plain, known])).toEqual([
    ["plain run, throughput", "≥ 0.80", "0.80 (0.80–0.80)", "met"],
    ["plain run, CPU", "≤ 1.30", "1.31 (1.31–1.31)", "missed"],
    ["plain run, p50", "≤ 1.25", "1.25 (1.25–1.25)", "met"],
    ["plain run, p99", "≤ 1.25", "1.26 (1.26–1.26)", "missed"],
    ["replay, CPU", "≤ 1.20", "1.20 (1.20–1.20)", "met"],
  ]);
});

it("a target is left out while what it speaks of was not measured", () => {
  const [floor, plain] = ["exact-floor", "ours-plain"].map((name) => ({
    ...measured(name, 1, 1, []),
    closed: new Map([[1, [{ perSecond: 1, cpuMs: 1 }]]]),
    open: [],
  }));
  expect(floor && plain && targetLines([floor, plain])).toEqual([]);
});

it.each(LOADS.filter(({ bodyBytes }) => bodyBytes > 0))("bodies of $name are that large", (load) => {
  const { length } = JSON.stringify({ data: { inputs: makeInputs(load) } });
  expect(Math.abs(length - load.bodyBytes)).toBeLessThan(load.bodyBytes / 100);
});

it("a message's end is known before all of it is there, and not before its length is", () => {
  const head = "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n";
  expect([head.slice(0, -1), head, `${head}0123456789`].map(messageEnd)).toEqual([-1, 49, 49]);
  const chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n";
  expect([chunked, `${chunked}0\r\n\r\n`].map(messageEnd)).toEqual([-1, 59]);
});
