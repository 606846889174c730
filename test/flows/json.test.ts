// Promise 7: JSON passes undamaged, in both directions.
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import { withCallersId } from "../support/callers-id.ts";
import { Caller, ECHO, toRunId } from "./support/caller.ts";
import { listening } from "./support/environment.ts";
import { type GatewayProcess, startPatientProcess } from "./support/process.ts";

// What a parse and a print would change: digits, exponents, signs, blanks, escapes, the order and number of members.
const INPUTS =
  String.raw`{ "big":12345678901234567890, "price": 1.10,"tiny":1E-7,
  "vast" : 1e+400 , "zero":-0.0, "long":0.1000000000000000055511151231257827,
	"escapes":"\u00e9 \/ \ud83d\ude00 \u0000 \"\\", "plain":"é € 😀 ` +
  `\u2028\u2029\ufeff", ` +
  String.raw`"lone":"\ud800", "":[ ],"__proto__":{"toString":null}, "twice":1,"twice":2.0 }`;

describe("JSON passes undamaged", () => {
  let gateway: GatewayProcess;
  let receiver: Server;
  beforeAll(async () => {
    gateway = await startPatientProcess();
    receiver = createServer((_request, response) => response.writeHead(204).end());
    await listening(receiver);
    return async () => {
      receiver.close();
      await gateway.close();
    };
  });

  it("a body with an idempotency id reaches the upstream with another id in its place, and byte for byte else, and comes back in the result", async () => {
    const caller = await Caller.of(gateway.url);
    const body = ` {"data" : {"inputs":${INPUTS} ,"extra":1.0, "idempotency_id":"${randomUUID()}"}, "more":[1.0]}\n`;
    const { runId, arrived } = await startText(caller, body);
    expect(arrived).toBe(body);
    expect(await resultText(caller, runId)).toBe(INPUTS);
  });

  it("a body of 5 MB passes whole, there and back", async () => {
    const caller = await Caller.of(gateway.url);
    const line = '{"n":1.10,"text":"é €\\n 😀"},';
    const inputs = `{"lines":[${line.repeat(Math.ceil(5_000_000 / Buffer.byteLength(line)))}0.10]}`;
    const body = `{"data":{"inputs":${inputs},"idempotency_id":"${randomUUID()}"}}`;
    expect(Buffer.byteLength(body)).toBeGreaterThan(5_000_000);
    const { runId, arrived } = await startText(caller, body);
    // Not toBe: a diff of five megabytes is of no help.
    expect(arrived === body).toBe(true);
    expect((await resultText(caller, runId)) === inputs).toBe(true);
  });
});

/** `arrived`: the body that reached the upstream, with the caller's own id put back. */
async function startText(caller: Caller, body: string): Promise<{ runId: string; arrived: string }> {
  const started = await caller.send("POST", `/actions/v1/stored-actions/${ECHO}/run`, body);
  const { headers, body: arrived } = await caller.lastArrival();
  return { runId: toRunId(started), arrived: withCallersId(arrived, headers["x-idempotency-id"]) };
}

/** The one item of a run's results, as it stands in the answer. */
async function resultText(caller: Caller, runId: string): Promise<string | undefined> {
  const { text } = await caller.read(ECHO, runId, "?wait_seconds=10");
  return /"results":\[(.*)\],"next_page"/s.exec(text)?.[1];
}
