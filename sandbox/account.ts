// One user of the sandbox: what the Worker can ask of it. Every method that changes something decides and writes without
// an await in between, so two starts under one idempotency id cannot both make a run. Refusals are values: an error
// would lose its class on the way out.

import { DurableObject } from "cloudflare:workers";
import { AccountStore, type Arrival, type StoredAction } from "./account-store.ts";
import { type Action, wellKnownAction, wellKnownActions } from "./actions.ts";
import { type Problem, problem } from "./errors.ts";
import { Outgoing, type OutgoingEnv } from "./outgoing.ts";
import type { ActionDraft } from "./requests.ts";
import type { RunReport } from "./run-report.ts";
import { RunStore, type RunSummary } from "./run-store.ts";
import { type Accepted, type ActionId, Starter } from "./starter.ts";
import { Texts } from "./texts.ts";

type RunList = { kind: "list"; runs: RunSummary[] };

const UNKNOWN_ACTION = problem("not_found", "There is no such stored action.");
const UNKNOWN_RUN = problem("not_found", "There is no such run.");
const BUILT_IN = problem("permission_denied", "The built-in actions cannot be changed.");

export class SandboxAccount extends DurableObject {
  readonly #account: AccountStore;
  readonly #runs: RunStore;
  readonly #starter: Starter;
  readonly #outgoing: Outgoing;

  constructor(state: DurableObjectState, env: Cloudflare.Env & OutgoingEnv) {
    super(state, env);
    const texts = new Texts(state.storage.sql);
    this.#account = new AccountStore(state.storage.sql, texts);
    this.#runs = new RunStore(state.storage.sql, texts);
    this.#starter = new Starter(this.#account, this.#runs);
    this.#outgoing = new Outgoing(state, this.#runs, env);
  }

  async start(id: ActionId, billable: boolean, arrival: Arrival): Promise<Accepted | Problem> {
    const nowMs = Date.now();
    const answer = this.ctx.storage.transactionSync(() => this.#starter.start(id, billable, arrival, nowMs));
    await this.#outgoing.setAlarm();
    return answer;
  }

  override alarm(): Promise<void> {
    return this.#outgoing.moveDueRuns();
  }

  read(id: ActionId, runId: string): RunReport | Problem {
    return this.#runs.read(runId, id, Date.now()) ?? UNKNOWN_RUN;
  }

  list(id: ActionId): RunList | Problem {
    const known = id === null || this.action(id).kind === "stored_action";
    return known ? { kind: "list", runs: this.#runs.list(id, Date.now()) } : UNKNOWN_ACTION;
  }

  tasks(): number {
    this.#starter.takeCharges(Date.now());
    return this.#account.tasks();
  }

  setTasks(tasks: number): void {
    this.#starter.takeCharges(Date.now());
    this.#account.setTasks(tasks);
  }

  /** JSON text; null before the first start. */
  lastArrival(): string | null {
    return this.#account.lastArrival();
  }

  actions(): StoredAction[] {
    return [...wellKnownActions().map(builtIn), ...this.#account.actions()];
  }

  action(id: string): StoredAction | Problem {
    const known = wellKnownAction(id);
    return known ? builtIn(known) : (this.#account.action(id) ?? UNKNOWN_ACTION);
  }

  createAction(draft: ActionDraft): StoredAction {
    const now = new Date().toISOString();
    const id = crypto.randomUUID();
    const action: StoredAction = { kind: "stored_action", ...draft, id, createdAt: now, updatedAt: now };
    this.#account.saveAction(action);
    return action;
  }

  changeAction(id: string, change: Partial<ActionDraft>): StoredAction | Problem {
    if (wellKnownAction(id)) return BUILT_IN;
    const before = this.#account.action(id);
    if (!before) return UNKNOWN_ACTION;
    const after = { ...before, ...change, updatedAt: new Date().toISOString() };
    this.#account.saveAction(after);
    return after;
  }

  /** null: it is gone. */
  deleteAction(id: string): Problem | null {
    if (wellKnownAction(id)) return BUILT_IN;
    if (!this.#account.action(id)) return UNKNOWN_ACTION;
    this.#account.deleteAction(id);
    return null;
  }
}

function builtIn({ id, title, name }: Action): StoredAction {
  return { kind: "stored_action", id, title, action: name, params: "{}", createdAt: null, updatedAt: null };
}
