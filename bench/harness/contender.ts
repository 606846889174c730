import type { Server } from "./children.ts";
import type { Load } from "./loads.ts";
import type { Need } from "./needs.ts";
import type { Plan } from "./requests.ts";

/** What every contender of a run has in common. */
export type World = {
  upstream: Server;
  receiver: Server;
  load: Load;
  /** Of every run. */
  inputs: object;
  /** One for each user, good for a day. */
  tokens: readonly string[];
  /** Of the same users, and so many that none is met again soon. */
  newTokens: () => Promise<readonly string[]>;
  /** The key set that verifies them, as JSON, and who issues them for whom. */
  jwks: string;
  issuer: string;
  audience: string;
  /** All of that as the gateway's setting. */
  issuers: string;
  /** A folder for this contender alone, in memory if the system can and `disk` is not asked for. */
  folder: (name: string, disk?: boolean) => string;
};

/** What a contender is asked, and what that does. */
export type Shape = {
  plan: Plan;
  /** How often the upstream must be asked to start a run for each request. */
  upstreamStarts: 0 | 1;
  /** Callbacks are under way after the answers. */
  callsBack: boolean;
};

export type Process = {
  port: number;
  /** Whose CPU is its own. */
  pids: readonly number[];
  close: () => Promise<void>;
};

export type Contender = {
  name: string;
  /** What it is, for the table. */
  title: string;
  /** Refuses every token that the issuer did not sign. */
  verifies: boolean;
  /** Beyond what `npm ci` brings. */
  needs?: readonly Need[];
  shape: (world: World) => Shape | Promise<Shape>;
  start: (world: World) => Promise<Process>;
};

export const ACTION = "00000000-0000-4000-8000-000000000001";
export const RUN_PATH = `/actions/v1/stored-actions/${ACTION}/run`;
