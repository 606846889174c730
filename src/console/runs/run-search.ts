// Finding runs. A user's runs are listed by that user's gate. A run id alone, or its beginning, leads to the dead letters
// first; after that, as where no user is named, the gates that were active on the chosen days are asked, page by page. What this does not
// find: docs/console.md, "What a search finds".

import type { GateNamespace } from "../../gate/address.ts";
import type { RunRecord } from "../../gate/admission.ts";
import { GateClient } from "../../gate/client.ts";
import { findDeadLetters, findDeadLettersStarting } from "../../operators/index-store.ts";
import type { RunPage } from "../../operators/views.ts";
import { formatTime, timeOrNull } from "../../platform/date-time.ts";
import { log } from "../../platform/observability/log.ts";
import type { Services } from "../../services/services.ts";
import type { TypedRunId } from "../shell/typed.ts";
import { RUNS_A_PAGE, walkGate } from "./gate-search.ts";
import { type ManyPage, type ManySearch, searchMany } from "./many-gates.ts";
import { type Filter, type FinishedIn, passesFilter, type RunQuery } from "./run-query.ts";
import { toRunSummary } from "./run-summary.ts";
import { encodeSearchCursor, type ManyCursor } from "./search-cursor.ts";

type Deps = Pick<Services, "operatorsDb" | "gates"> & { nowMs: number };

/** Without a user, where no beginning is given. */
const DAYS = 7;
const DAY_MS = 86_400_000;
/** Of one user: a thousand runs a page. */
const LISTS_OF_USER = 20;
/** Of each of many. */
const LISTS_OF_EACH = 4;
const GATES_LISTED = 40;
/** Looking one run up is quicker. */
const GATES_LOOKED_UP = 100;
/** Each may be a question to another gate. */
const MAX_DEAD_LETTERS = 20;

export async function searchRuns(deps: Deps, query: RunQuery): Promise<RunPage> {
  const { run, userKey } = query;
  if (run === null) return userKey === null ? runsOfMany(deps, query) : runsOfUser(deps, userKey, query);
  if (userKey === null) return runAmongMany(deps, run, query);
  return onePage(await lookUp(GateClient.ofUser(deps.gates, userKey), run), query);
}

async function runsOfUser({ gates, nowMs }: Deps, userKey: string, query: RunQuery): Promise<RunPage> {
  const { fromMs, toMs, after } = query;
  const span = { fromMs: fromMs ?? 0, toMs: toMs ?? Number.POSITIVE_INFINITY };
  const position = after?.kind === "user" ? after.position : null;
  const gate = GateClient.ofUser(gates, userKey);
  const walk = await walkGate(gate, { filter: query, span, nowMs }, position, LISTS_OF_USER);
  return {
    runs: walk.runs,
    next_cursor: walk.next && encodeSearchCursor({ kind: "user", position: walk.next }),
    searched_to: walk.next && timeOrNull(walk.searchedToMs),
    progress: null,
  };
}

async function runsOfMany(deps: Deps, query: RunQuery): Promise<RunPage> {
  const span = toSpan(query, deps.nowMs);
  const wanted = { filter: query, span, nowMs: deps.nowMs };
  const search: ManySearch = {
    span,
    gatesAPage: GATES_LISTED,
    enough: RUNS_A_PAGE,
    find: (gate, position) =>
      walkGate(gate, wanted, position, position === null ? LISTS_OF_EACH : LISTS_OF_USER),
  };
  return manyPage(search, await searchMany(deps, search, manyCursor(query)));
}

async function runAmongMany(deps: Deps, run: TypedRunId, query: RunQuery): Promise<RunPage> {
  const cursor = manyCursor(query);
  const deadLetters = cursor === null ? await lookUpDeadLetters(deps, run) : { runs: [], unanswered: [] };
  // There is one run of an id: the search is over when it has been found. Of a beginning there may be more.
  if (run.isWhole && deadLetters.runs.length > 0) return onePage(deadLetters.runs, query);
  const search: ManySearch = {
    span: toSpan(query, deps.nowMs),
    gatesAPage: GATES_LOOKED_UP,
    enough: run.isWhole ? 1 : RUNS_A_PAGE,
    find: async (gate) => ({
      runs: onePage(await lookUp(gate, run), query).runs,
      next: null,
      searchedToMs: null,
    }),
  };
  const { runs, ...page } = await searchMany(deps, search, cursor);
  const first = onePage(deadLetters.runs, query).runs;
  const others = runs.filter(
    (each) => !first.some(({ run_id, user }) => run_id === each.run_id && user === each.user),
  );
  const isOver = page.isOver || (run.isWhole && runs.length > 0);
  const unanswered = [...new Set([...deadLetters.unanswered, ...page.unanswered])];
  return manyPage(search, { ...page, runs: [...first, ...others], unanswered, isOver });
}

async function lookUp(gate: GateClient, { id, isWhole }: TypedRunId): Promise<RunRecord[]> {
  if (!isWhole) return gate.findRuns(id, RUNS_A_PAGE);
  const record = await gate.findRun(id);
  return record === null ? [] : [record];
}

/** `unanswered`: whose gates did not answer. */
type DeadLettersFound = { runs: RunRecord[]; unanswered: string[] };

async function lookUpDeadLetters({ operatorsDb, gates }: Deps, run: TypedRunId): Promise<DeadLettersFound> {
  const { id, isWhole } = run;
  const owners = isWhole
    ? await findDeadLetters(operatorsDb, [id])
    : await findDeadLettersStarting(operatorsDb, id, MAX_DEAD_LETTERS);
  const asked = new Map(owners.map(({ gate, user_key: user }) => [gate, user]));
  const found = await Promise.all([...asked].map(([gate, user]) => lookUpAt(gates, gate, user, run)));
  return {
    runs: found.flatMap(({ runs }) => runs),
    unanswered: found.flatMap(({ unanswered }) => unanswered),
  };
}

async function lookUpAt(
  gates: GateNamespace,
  id: string,
  user: string,
  run: TypedRunId,
): Promise<DeadLettersFound> {
  const gate = GateClient.byId(gates, id);
  try {
    return { runs: gate === null ? [] : await lookUp(gate, run), unanswered: [] };
  } catch (error) {
    log({ event: "gate.unavailable", gate: id, error });
    return { runs: [], unanswered: [user] };
  }
}

function onePage(records: readonly RunRecord[], filter: Filter): RunPage {
  const runs = records.filter((record) => passesFilter(record, filter)).map(toRunSummary);
  return { runs, next_cursor: null, searched_to: null, progress: null };
}

function manyPage({ span }: ManySearch, { runs, unanswered, reached, isOver }: ManyPage): RunPage {
  const { searched, users, countedAll } = reached;
  const { fromMs, toMs } = span;
  return {
    runs,
    next_cursor: isOver ? null : encodeSearchCursor(reached),
    searched_to: null,
    progress: {
      from: formatTime(fromMs),
      to: formatTime(toMs),
      searched,
      users: Math.max(users, searched),
      counted_all: countedAll,
      unanswered,
    },
  };
}

function toSpan({ fromMs, toMs }: Pick<RunQuery, "fromMs" | "toMs">, nowMs: number): FinishedIn {
  // What is open now finishes later.
  const endMs = toMs ?? nowMs + 1;
  return { fromMs: fromMs ?? endMs - DAYS * DAY_MS, toMs: endMs };
}

function manyCursor({ after }: RunQuery): ManyCursor | null {
  return after?.kind === "many" ? after : null;
}
