import { beforeEach, describe, expect, it } from "vitest";
import { deadLetters, type LetterQuery } from "../../src/console/dead-letters.ts";
import { placeOf } from "../../src/console/place.ts";
import { recordAll } from "../../src/ledger/repository.ts";
import { freshLedger, NOON_MS } from "../support/ledger.ts";
import { times } from "../support/times.ts";
import { bookedRun, deadLetter, delivered } from "./bench.ts";

const ANY: LetterQuery = { host: null, fromMs: null, toMs: null, after: null };

let db: D1Database;

beforeEach(async () => {
  db = await freshLedger();
});

const acceptedAt = (second: number) => ({ acceptedAtMs: NOON_MS + second * 1_000 });

describe("dead letters", () => {
  it("are grouped by host, with what their last attempts came to, the worst host first", async () => {
    const down = { callbackUrl: "https://down.example:8443/a?b=c" };
    await recordAll(db, [
      deadLetter({ ...acceptedAt(1), ...down }),
      deadLetter(
        { ...acceptedAt(2), ...down, callbackUrl: "https://DOWN.example:8443/other" },
        "no answer in time",
      ),
      deadLetter({ ...acceptedAt(3), ...down, attempts: 10 }),
      deadLetter({ ...acceptedAt(4) }, "status is no 2xx"),
      {
        run: bookedRun({ ...acceptedAt(0), state: "dead", result: null, attempts: 0, userKey: "bob" }),
        attempt: null,
        charge: null,
      },
      delivered(acceptedAt(5)),
      { run: bookedRun({ ...acceptedAt(6), state: "retrying" }), attempt: null, charge: null },
    ]);
    const seen = await deadLetters(db, ANY);
    expect(seen.groups).toEqual([
      {
        host: "down.example:8443",
        letters: 3,
        oldest_at: "2026-11-20T12:00:01.000Z",
        newest_at: "2026-11-20T12:00:03.000Z",
        reasons: [
          { reason: "no connection", letters: 2 },
          { reason: "no answer in time", letters: 1 },
        ],
      },
      {
        host: "client.example",
        letters: 2,
        oldest_at: "2026-11-20T12:00:00.000Z",
        newest_at: "2026-11-20T12:00:04.000Z",
        reasons: [
          { reason: "status is no 2xx", letters: 1 },
          { reason: "its end was never seen", letters: 1 },
        ],
      },
    ]);
    expect(seen.letters.map(({ reason }) => reason)).toEqual([
      "status is no 2xx",
      "no connection",
      "no answer in time",
      "no connection",
      "its end was never seen",
    ]);
    expect(seen.letters[1]).toMatchObject({ host: "down.example:8443", attempts: 10, subject: "alice" });
    expect(seen.letters[4]).toMatchObject({ user: "bob", subject: "bob", attempts: 0 });
    expect([seen.next_cursor, seen.complete]).toEqual([null, true]);
  });

  it("of one host, of one time, fifty a page, each once", async () => {
    const here = times(120, (n) => deadLetter({ acceptedAtMs: NOON_MS + n }));
    const there = times(120, (n) =>
      deadLetter({ acceptedAtMs: NOON_MS + n, callbackUrl: "https://x.example/" }),
    );
    await recordAll(db, [...here, ...there]);
    const query = { ...ANY, host: "client.example", fromMs: NOON_MS + 5, toMs: NOON_MS + 115 };
    const ids: string[] = [];
    const sizes: number[] = [];
    let after: LetterQuery["after"] = null;
    do {
      const page = await deadLetters(db, { ...query, after });
      ids.push(...page.letters.map(({ run_id }) => run_id));
      sizes.push(page.letters.length);
      expect(page.groups.map(({ host, letters }) => [host, letters])).toEqual([
        ["client.example", 110],
        ["x.example", 110],
      ]);
      after = page.next_cursor === null ? null : placeOf(page.next_cursor);
    } while (after !== null && sizes.length < 9);
    expect(sizes).toEqual([50, 50, 10]);
    expect(ids).toEqual(
      here
        .slice(5, 115)
        .map(({ run }) => run.runId)
        .toReversed(),
    );
  });

  it("beyond 2,000 are not grouped, and are reached by the cursor", async () => {
    for (const at of times(3, (n) => n))
      await recordAll(
        db,
        times(700, (n) => deadLetter({ acceptedAtMs: NOON_MS + at * 700 + n })),
      );
    const rare = deadLetter({ acceptedAtMs: NOON_MS - 1, callbackUrl: "https://rare.example/" });
    await recordAll(db, [rare]);
    const first = await deadLetters(db, { ...ANY, host: "rare.example" });
    expect([first.complete, first.letters, first.groups[0]?.letters]).toEqual([false, [], 2_000]);
    const second = await deadLetters(db, {
      ...ANY,
      host: "rare.example",
      after: placeOf(first.next_cursor ?? ""),
    });
    expect(second.letters.map(({ run_id }) => run_id)).toEqual([rare.run.runId]);
    expect(second.next_cursor).toBeNull();
  });
});
