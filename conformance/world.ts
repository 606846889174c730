// What the clauses are asked about and with. Whatever was not given throws a Skip that names the option to give.
import { Skip } from "./clause.ts";
import { Caller, Http } from "./http.ts";
import type { Options, TokenOption } from "./options.ts";
import type { Receiver } from "./receiver.ts";
import { parseClaims } from "./token-claims.ts";

export class World {
  readonly http: Http;
  readonly options: Options;
  readonly #receiver: Receiver | null;
  readonly #once = new Map<string, Promise<unknown>>();

  constructor(options: Options, receiver: Receiver | null) {
    this.http = new Http(options.url);
    this.options = options;
    this.#receiver = receiver;
  }

  get caller(): Caller {
    return this.as("token");
  }

  /** The stored action that gives its inputs back. */
  get action(): string {
    return this.options.action;
  }

  as(option: TokenOption): Caller {
    return new Caller(this.http, this.given(option));
  }

  /** What that option was given. */
  given(option: keyof Options["given"]): string {
    return this.options.given[option] ?? skip(`needs --${option}`);
  }

  claims(option: TokenOption): Record<string, unknown> {
    return parseClaims(this.given(option));
  }

  /** A start of a run that takes its time: the action, and its inputs for that long. */
  slow(seconds: number): { action: string; inputs: object } {
    return { action: this.given("slow-action"), inputs: { seconds } };
  }

  /** The stored action whose start the upstream answers with that status. */
  refusing(status: number): string {
    return this.options.refusing[status] ?? skip(`needs --refusing ${status}=ID`);
  }

  oneOffData(): object {
    return this.options.oneOffData ?? skip("needs --one-off-data");
  }

  receiver(): Receiver {
    return this.#receiver ?? skip("needs --receive");
  }

  /** Only the sandbox says what it received. */
  needSandbox(): void {
    if (!this.options.sandbox) throw new Skip("asks the sandbox what it received: needs --sandbox");
  }

  needWrites(): void {
    if (!this.options.writes) throw new Skip("makes and deletes a stored action: needs --writes");
  }

  /** What several clauses check happens once. */
  once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const known = this.#once.get(name);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one name, one maker
    if (known !== undefined) return known as Promise<T>;
    const created = make();
    this.#once.set(name, created);
    return created;
  }
}

function skip(why: string): never {
  throw new Skip(why);
}
