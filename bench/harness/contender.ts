import type { Plan } from "./requests.ts";

/** What every contender of a run has in common. */
export type World = {
  upstreamPort: number;
  receiverPort: number;
  /** One for each user, good for a day. */
  tokens: readonly string[];
  /** The key set that verifies them, and the setting that has it. */
  jwks: string;
  issuers: string;
  /** A folder for this contender alone. */
  folder(name: string): string;
};

export type Contender = {
  name: string;
  /** What it is, for the table. */
  title: string;
  start(world: World): Promise<Running>;
};

export type Running = {
  port: number;
  /** Whose CPU is its own. */
  pids: readonly number[];
  plan: Plan;
  /** How often the upstream must be asked to start a run for each request. */
  upstreamStarts: 0 | 1;
  /** Callbacks are under way after the answers. */
  callsBack?: boolean;
  close(): Promise<void>;
};

export const ACTION = "00000000-0000-4000-8000-000000000001";
export const RUN_PATH = `/actions/v1/stored-actions/${ACTION}/run`;
export const INPUTS = { message: "Hello World!" };
