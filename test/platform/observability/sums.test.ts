import { describe, expect, it } from "vitest";
import {
  addSums,
  busiest,
  type CountedAttempt,
  countAttempt,
  countDeadLetter,
  countEnd,
  countMessage,
  countRequest,
  decodeSums,
  emptySums,
  encodeSums,
  type Sums,
} from "../../../src/platform/observability/sums.ts";
import { toAttempt, toServed } from "./counted.ts";

function toSums(count: (sums: Sums) => void): Sums {
  const sums = emptySums();
  count(sums);
  return sums;
}

describe("a request", () => {
  it("counts by status, outcome and route, for its user, and with its latencies", () => {
    const sums = toSums((each) => countRequest(each, toServed({ total_ms: 1_064, upstream_ms: 1_024 })));
    expect(sums).toEqual({
      ...emptySums(),
      requests: new Map([["202|accepted|/actions/v1/runs", 1]]),
      users: new Map([["alice", 1]]),
      starts: new Map([["alice", 1]]),
      requestMs: new Map([[80, 1]]),
      // 40 ms of its own.
      gatewayMs: new Map([[42, 1]]),
      upstreamMs: new Map([[80, 1]]),
    });
  });

  it("counts for its user as a start, as one too many and as another error", () => {
    const sums = toSums((each) => {
      for (const status of [202, 429, 503, 404]) countRequest(each, toServed({ status }));
      countRequest(each, toServed({ method: "GET" }));
      countRequest(each, toServed({ route: "/actions/*", status: 200 }));
    });
    const merged = emptySums();
    for (const _ of [1, 2]) addSums(merged, decodeSums(encodeSums(sums)) ?? emptySums());
    expect(
      [merged.users, merged.starts, merged.limited, merged.refused].map((by) => by.get("alice")),
    ).toEqual([12, 8, 2, 4]);
  });

  it("counts so of the users that are kept, and of no others", () => {
    const sums = toSums((each) => {
      for (let n = 0; n < 3_000; n += 1) countRequest(each, toServed({ user: `u${n}`, status: 503 }));
    });
    expect(sums.refused.size).toBeLessThanOrEqual(sums.users.size);
    expect(decodeSums(encodeSums(sums))?.refused.size).toBe(50);
  });

  it("without a caller and an upstream is all the gateway's own time", () => {
    const sums = toSums((each) =>
      countRequest(each, toServed({ user: null, total_ms: 32, upstream_ms: null })),
    );
    expect([sums.users.size, sums.upstreamMs.size, sums.gatewayMs.get(40)]).toEqual([0, 0, 1]);
  });

  it("has a label as long as there are not too many of them, and is counted all the same", () => {
    const sums = toSums((each) => {
      for (let n = 0; n < 700; n += 1) countRequest(each, toServed({ route: `/${n}` }));
      countRequest(each, toServed({ route: "/0" }));
    });
    expect(sums.requests.get("202|accepted|/0")).toBe(2);
    expect(sums.requests.get("other")).toBe(200);
    expect(sums.requests.size).toBe(501);
  });
});

describe("an attempt", () => {
  const delivered: Partial<CountedAttempt> = { durationMs: 24, sinceEndMs: 1_000 };

  it("that delivers counts with the time from the run's end", () => {
    expect(toSums((each) => countAttempt(each, toAttempt(delivered)))).toEqual({
      ...emptySums(),
      attempts: new Map([["acknowledged|", 1]]),
      deliveries: new Map([["delivered_at_once", 1]]),
      hosts: new Map([["client.example", 1]]),
      acknowledged: new Map([["client.example", 1]]),
      acknowledgedMs: new Map([["client.example", 24]]),
      attemptMs: new Map([[36, 1]]),
      deliveryMs: new Map([[80, 1]]),
    });
    const later = toSums((each) => countAttempt(each, toAttempt({ ...delivered, number: 2 })));
    expect(later.deliveries).toEqual(new Map([["delivered", 1]]));
  });

  it("that fails counts by its failure, and says nothing of the time to a delivery", () => {
    const failed = { outcome: "failed", failure: "no connection", delivery: "retrying" } as const;
    const sums = toSums((each) => countAttempt(each, toAttempt(failed)));
    expect(sums.attempts).toEqual(new Map([["failed|no connection", 1]]));
    expect(sums.deliveries).toEqual(new Map([["retrying", 1]]));
    expect(sums.deliveryMs.size).toBe(0);
  });

  it("is kept of a host as acknowledged, and for how long it took, as long as the host itself is", () => {
    const sums = toSums((each) => {
      for (let n = 0; n < 3_000; n += 1)
        countAttempt(each, toAttempt({ host: `h${n}.example`, durationMs: 5 }));
      for (const durationMs of [10, 30]) countAttempt(each, toAttempt({ host: "busy.example", durationMs }));
      countAttempt(each, toAttempt({ host: "busy.example", outcome: "failed", failure: "no connection" }));
    });
    const merged = emptySums();
    addSums(merged, decodeSums(encodeSums(sums)) ?? emptySums());
    expect(
      [merged.hosts, merged.acknowledged, merged.acknowledgedMs].map((counts) => counts.get("busy.example")),
    ).toEqual([3, 2, 40]);
    expect(merged.acknowledged.size).toBeLessThanOrEqual(merged.hosts.size);
    expect(sums.acknowledged.size).toBeLessThanOrEqual(sums.hosts.size);
  });

  it("is never acknowledged more often than it was made, however many hosts come and go", () => {
    const sums = toSums((each) => {
      for (let n = 0; n < 400; n += 1) countAttempt(each, toAttempt({ host: "often.example" }));
      for (let round = 0; round < 4; round += 1) {
        for (let n = 0; n < 5; n += 1) countAttempt(each, toAttempt({ host: "seldom.example" }));
        for (let n = 0; n < 1_200; n += 1)
          for (let attempts = 0; attempts < 6; attempts += 1)
            countAttempt(each, toAttempt({ host: `${round}-${n}.example`, outcome: "failed" }));
        countAttempt(each, toAttempt({ host: "seldom.example" }));
      }
    });
    const merged = emptySums();
    for (const _ of [1, 2]) addSums(merged, sums);
    for (const { hosts, acknowledged } of [sums, merged]) {
      const tooMany = [...acknowledged].filter(([host, n]) => n > (hosts.get(host) ?? 0));
      expect(tooMany).toEqual([]);
      expect(acknowledged.get("often.example")).toBe(hosts.get("often.example"));
    }
  });

  it("at a host with an endless name keeps 260 characters of it", () => {
    const sums = toSums((each) => countAttempt(each, toAttempt({ host: "h".repeat(9_000) })));
    expect([...sums.hosts.keys()]).toEqual(["h".repeat(260)]);
  });
});

it("ends, dead letters and messages count", () => {
  const sums = toSums((each) => {
    countEnd(each, { result: "success", hasCallback: true, charged: true });
    countEnd(each, { result: "error", hasCallback: true, charged: false });
    countEnd(each, { result: "abandoned", hasCallback: false, charged: false });
    countDeadLetter(each, "client.example");
    countMessage(each, 64);
  });
  const runs = { "success|callback|charged": 1, "error|callback|free": 1, "abandoned|none|free": 1 };
  expect(sums).toEqual({
    ...emptySums(),
    runs: new Map(Object.entries(runs)),
    deliveries: new Map([["dead", 1]]),
    dead: new Map([["client.example", 1]]),
    queuedMs: new Map([[48, 1]]),
  });
});

describe("sums are merged", () => {
  it("count by count", () => {
    const into = toSums((each) => {
      countRequest(each, toServed({ total_ms: 32 }));
      countMessage(each, 64);
    });
    const from = toSums((each) => {
      countRequest(each, toServed({ total_ms: 32, status: 429, outcome: "limited" }));
      countRequest(each, toServed({ total_ms: 1_024, user: "bob" }));
    });
    addSums(into, from);
    const requests = { "202|accepted|/actions/v1/runs": 2, "429|limited|/actions/v1/runs": 1 };
    expect(Object.fromEntries(into.requests)).toEqual(requests);
    expect(Object.fromEntries(into.requestMs)).toEqual({ 40: 2, 80: 1 });
    expect(busiest(into.users, 9)).toEqual(Object.entries({ alice: 2, bob: 1 }));
    expect(into.queuedMs).toEqual(new Map([[48, 1]]));
    // And what was added is as it was.
    expect(from.requests.size).toBe(2);
  });

  it("with a busy user found among very many, with the right count", () => {
    const sums = emptySums();
    for (let isolate = 0; isolate < 40; isolate += 1) {
      const one = emptySums();
      for (let n = 0; n < 100; n += 1) countRequest(one, toServed({ user: `${isolate}-${n}` }));
      for (let n = 0; n < 5; n += 1) countRequest(one, toServed({ user: "busy" }));
      addSums(sums, one);
    }
    expect(busiest(sums.users, 1)).toEqual([["busy", 200]]);
    expect(sums.users.size).toBeLessThanOrEqual(1_000);
  });
});

describe("sums are written", () => {
  it("as JSON that gives them back", () => {
    const sums = toSums((each) => {
      countRequest(each, toServed());
      countAttempt(each, toAttempt());
      countEnd(each, { result: "success", hasCallback: true, charged: false });
      countMessage(each, 12);
    });
    expect(decodeSums(encodeSums(sums))).toEqual(sums);
    expect(encodeSums(emptySums())).toBe('{"v":1}');
  });

  it("with the fifty busiest names", () => {
    const sums = toSums((each) => {
      for (let n = 0; n < 60; n += 1) countAttempt(each, toAttempt({ host: `h${n}` }));
      countAttempt(each, toAttempt({ host: "h59" }));
    });
    const { hosts } = decodeSums(encodeSums(sums)) ?? emptySums();
    expect(hosts.size).toBe(50);
    expect(hosts.get("h59")).toBe(2);
  });

  it("and not read when a later version wrote them", () => {
    expect(decodeSums('{"v":2,"requests":[["200|served|/",1]]}')).toBeNull();
  });
});
