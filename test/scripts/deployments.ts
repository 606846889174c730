// Deployments of a test: the steps run in this process, with a wrangler, a terminal, a clock and gateways of its own.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Options } from "../../scripts/deploy/options.ts";
import type { Ask } from "../../scripts/deploy/settings.ts";
import { deploy } from "../../scripts/deploy/steps.ts";
import { Failure } from "../../scripts/failure.ts";
import { stepsIn } from "../flows/support/deploy-steps.ts";
import { DeployedGateway } from "../flows/support/deployed-gateway.ts";
import { type Environment, makeFolder, PROJECT, removeFolder } from "../flows/support/environment.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeWrangler } from "./fake-wrangler.ts";

export const WORKERS = { staging: "edge-actions-staging", production: "edge-actions" };

export type EnvironmentName = keyof typeof WORKERS;
/** The error with which it ended, or null. */
type Ended = { error: Failure | null; output: string; steps: string[] };

export class Deployments {
  readonly wrangler: FakeWrangler;
  readonly gateways: Readonly<Record<EnvironmentName, DeployedGateway>>;
  readonly clock = new FakeClock();
  ask: Ask = null;
  readonly #folder: string;
  #configFile = "wrangler.toml";

  private constructor(folder: string, wrangler: FakeWrangler, gateways: Deployments["gateways"]) {
    this.#folder = folder;
    this.wrangler = wrangler;
    this.gateways = gateways;
  }

  static async open(): Promise<Deployments> {
    const wrangler = new FakeWrangler();
    const gateways = {
      staging: await DeployedGateway.listen(wrangler, WORKERS.staging),
      production: await DeployedGateway.listen(wrangler, WORKERS.production),
    };
    return new Deployments(await makeFolder(), wrangler, gateways);
  }

  async close(): Promise<void> {
    for (const gateway of Object.values(this.gateways)) gateway.close();
    await removeFolder(this.#folder);
  }

  /** From now on, these lines stand at the end of wrangler.toml. */
  async configure(lines: string): Promise<void> {
    const project = await readFile(join(PROJECT, "wrangler.toml"), "utf8");
    this.#configFile = join(this.#folder, "wrangler.toml");
    await writeFile(this.#configFile, `${project}\n${lines}\n`);
  }

  async run(
    environment: EnvironmentName,
    shell: Environment,
    options: Partial<Options> = {},
  ): Promise<Ended> {
    const lines: string[] = [];
    const surroundings = {
      configFile: this.#configFile,
      folder: join(this.#folder, "deploy"),
      wranglerWith: this.wrangler.wranglerWith,
      shell,
      ask: this.ask,
      clock: this.clock,
      fetch: this.wrangler.fetch,
      print: (line: string) => void lines.push(line),
    };
    const checkUrl = this.gateways[environment].url;
    const all = { environment, isDryRun: false, checkUrl, checkSeconds: 0, ...options };
    const error = await deploy(all, surroundings).then(() => null, expectedFailure);
    const output = lines.join("\n");
    return { error, output, steps: stepsIn(output) };
  }

  keysOf(environment: EnvironmentName): string | undefined {
    return this.wrangler.secretOf(WORKERS[environment], "SIGNING_KEYS");
  }
}

/** Any other error is a bug. */
function expectedFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}
