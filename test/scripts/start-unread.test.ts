import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { untilUnread } from "../../scripts/start/unread.ts";

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe("untilUnread", () => {
  it("resolves when one of the streams has no reader any more", async () => {
    const [stdout, stderr] = [new EventEmitter(), new EventEmitter()];
    const unread = untilUnread([stdout, stderr]);
    stderr.emit("error", failure("EPIPE"));
    stdout.emit("error", failure("EPIPE"));
    await expect(unread).resolves.toBeUndefined();
  });

  it("leaves no other error without notice", async () => {
    const stdout = new EventEmitter();
    const unread = untilUnread([stdout]);
    stdout.emit("error", failure("ENOSPC"));
    await expect(unread).rejects.toThrow("ENOSPC");
  });
});
