// Promise 7: JSON passes undamaged, in both directions.
import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { withCallersId } from "../support/callers-id.ts";
import { Caller, ECHO, toRunId } from "./support/caller.ts";
import { forFile, gatewayWith } from "./support/opened.ts";

// What a parse and a print would change: digits, exponents, signs, blanks, escapes, the order and number of members.
const INPUTS =
  String.raw`{ "big":12345678901234567890, "price": 1.10,"tiny":1E-7,
  "vast" : 1e+400 , "zero":-0.0, "long":0.1000000000000000055511151231257827,
	"escapes":"\u00e9 \/ \ud83d\ude00 \u0000 \"\\", "plain":"é € 😀 ` +
  `\u2028\u2029\ufeff", ` +
  String.raw`"lone":"\ud800", "":[ ],"__proto__":{"toString":null}, "twice":1,"twice":2.0 }`;
const LINE = '{"n":1.10,"text":"é €\\n 😀"},';
const FIVE_MEGABYTES = `{"lines":[${LINE.repeat(Math.ceil(5_000_000 / Buffer.byteLength(LINE)))}0.10]}`;

const gateway = await forFile(gatewayWith());

it.each([
  ["of every kind", INPUTS],
  ["of 5 MB", FIVE_MEGABYTES],
])(
  "inputs %s reach the upstream with another idempotency id and byte for byte else, and come back",
  async (_, inputs) => {
    const caller = await Caller.of(gateway.url);
    const body = ` {"data" : {"inputs":${inputs} ,"extra":1.0, "idempotency_id":"${randomUUID()}"}, "more":[1.0]}\n`;
    const runId = toRunId(await caller.send("POST", `/actions/v1/stored-actions/${ECHO}/run`, body));
    const { headers, body: arrived } = await caller.lastArrival();
    // Not toBe: a diff of five megabytes is of no help.
    expect(withCallersId(arrived, headers["x-idempotency-id"]) === body, arrived.slice(0, 1000)).toBe(true);
    const { text } = await caller.read(ECHO, runId, "?wait_seconds=10");
    expect(/"results":\[(.*)\],"next_page"/s.exec(text)?.[1] === inputs, text.slice(0, 1000)).toBe(true);
  },
);
