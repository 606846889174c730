// How vitest is called for what is asked of `npm test` and `npm run test:…`. That it then runs just that:
// test/flows/documented-commands.test.ts.
import { expect, it } from "vitest";
import { Failure } from "../../scripts/failure.ts";
import { type Group, vitestFor } from "../../scripts/test-selection.ts";

const UNIT = "test/gate/window.test.ts";
const WORKERS = "test/gate/alarm.test.ts";
const ALONE = "test/http/shed.test.ts";
const FLOW = "test/flows/json.test.ts";
const MEASURING = "test/flows/callbacks-fairness.test.ts";
const ALL = [UNIT, WORKERS, ALONE, FLOW, MEASURING];

function call(group: Group | null, ...parameters: string[]): string {
  return vitestFor(group, parameters, ALL).args.join(" ");
}

it.each<[Group | null, string, string]>([
  ["unit", "", "run --project=unit"],
  ["worker", "", "run --project=workers --project=alone"],
  ["flows", "", "run --project=flows --project=measuring"],
  [null, UNIT, `run --project=unit ${UNIT}`],
  [null, `${UNIT} ${FLOW}`, `run --project=unit --project=flows ${UNIT} ${FLOW}`],
  [null, `${UNIT} ./${FLOW}`, `run --project=unit --project=flows ${UNIT} ${FLOW}`],
  [null, `${process.cwd()}/${FLOW}`, `run --project=flows ${FLOW}`],
  [null, "test/gate", "run --project=unit --project=workers test/gate"],
  ["unit", "test/gate/", "run --project=unit test/gate"],
  ["worker", `${WORKERS} http/shed`, `run --project=workers --project=alone ${WORKERS} http/shed`],
  ["unit", `${UNIT}:9`, `run --project=unit ${UNIT}:9`],
  ["unit", `${UNIT} --bail 1`, `run --project=unit ${UNIT} --bail 1`],
  ["unit", `--exclude ${WORKERS}`, `run --project=unit --exclude ${WORKERS}`],
  [null, "--project=flows", "run --project=flows"],
  ["unit", `${UNIT} --watch`, `watch --project=unit ${UNIT}`],
])("of the group %s, %j calls vitest %s", (group, asked, args) => {
  expect(call(group, ...asked.split(" ").filter((word) => word !== ""))).toBe(args);
});

it.each<[Group | null, string[], string]>([
  [null, ["test/nope.test.ts"], "test/nope.test.ts is no test file"],
  ["unit", [UNIT, "test/nope.test.ts"], "test/nope.test.ts is no test file"],
  ["unit", [UNIT, `./${WORKERS}`], `npm run test:worker -- ${WORKERS}`],
  ["unit", [WORKERS], `It needs the Workers runtime: ${WORKERS} → cloudflare:test.`],
  ["flows", ["window"], `npm run test:unit -- ${UNIT}`],
])("of the group %s, %j is refused: %s", (group, names, says) => {
  expect(() => vitestFor(group, names, ALL)).toThrow(Failure);
  expect(() => vitestFor(group, names, ALL)).toThrow(says);
});

it.each([
  [["-t", "opens"], true],
  [["--testNamePattern=opens"], true],
  [["-t", "opens", "--watch"], false],
  [["--bail", "1"], false],
])("with %j, a run of no test counts as a failure: %s", (options, mustRunSome) => {
  expect(vitestFor("unit", [UNIT, ...options], ALL).mustRunSome).toBe(mustRunSome);
});
