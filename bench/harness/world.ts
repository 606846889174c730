import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { devIssuers } from "../../scripts/dev-keys.ts";
import { devToken } from "../../scripts/dev-token.ts";
import { startServer } from "./children.ts";
import type { World } from "./contender.ts";
import { type Load, makeInputs } from "./loads.ts";

const TOKEN_SECONDS = 86_400;
/** More than an isolate keeps, so that each is new to it. */
const NEW_TOKENS = 2_560;
/** A folder in memory, where the system has one: what the disk costs is this machine's. */
const MEMORY = "/dev/shm";

/** The upstream, the receiver, the users, and folders that go away at the end. */
export async function makeWorld(load: Load): Promise<World> {
  const inMemory = makeRoot(existsSync(MEMORY) ? MEMORY : tmpdir());
  const onDisk = makeRoot(tmpdir());
  const turn = load.users * (1 + load.hotTimes);
  const [upstream, receiver] = await Promise.all([
    startServer(new URL("upstream.ts", import.meta.url)),
    startServer(new URL("receiver.ts", import.meta.url)),
  ]);
  const issuers = await devIssuers();
  const [{ issuer, audience, jwks }]: [{ issuer: string; audience: string; jwks: object }] =
    JSON.parse(issuers);
  return {
    upstream,
    receiver,
    load,
    inputs: makeInputs(load),
    tokens: await makeTokens(load, turn),
    newTokens: () => makeTokens(load, Math.ceil(NEW_TOKENS / turn) * turn),
    issuers,
    issuer,
    audience,
    jwks: JSON.stringify(jwks),
    folder(name, disk = false) {
      const folder = join(disk ? onDisk : inMemory, name);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
  };
}

function makeRoot(parent: string): string {
  const root = mkdtempSync(join(parent, "edge-actions-bench-"));
  // Also when it is broken off.
  process.once("exit", () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  return root;
}

/** So many, of the users in turn, the hot one between them. */
function makeTokens({ users, hotTimes }: Load, count: number): Promise<string[]> {
  const user = (at: number) => (at % (1 + hotTimes) === 0 ? (at / (1 + hotTimes)) % users : "hot");
  return Promise.all(Array.from({ length: count }, (_, at) => makeToken(`bench-${user(at)}`)));
}

function makeToken(sub: string): Promise<string> {
  const claims = { jti: crypto.randomUUID() };
  return devToken({ sub, scope: "external", expiresSeconds: TOKEN_SECONDS, claims });
}
