import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { devIssuers } from "../../scripts/dev-keys.ts";
import { devToken } from "../../scripts/dev-token.ts";
import { type Server, startServer } from "./children.ts";
import type { World } from "./contender.ts";

const USERS = 64;
const TOKEN_SECONDS = 86_400;

export type Surroundings = World & { upstream: Server; receiver: Server; remove(): void };

/** The upstream, the receiver, the users, and a folder that goes away at the end. */
export async function makeWorld(): Promise<Surroundings> {
  const root = mkdtempSync(join(tmpdir(), "edge-actions-bench-"));
  const [upstream, receiver] = await Promise.all([startServer("upstream.ts"), startServer("receiver.ts")]);
  const issuers = await devIssuers();
  const [{ jwks }]: [{ jwks: object }] = JSON.parse(issuers);
  return {
    upstream,
    receiver,
    upstreamPort: upstream.port,
    receiverPort: receiver.port,
    tokens: await Promise.all(Array.from({ length: USERS }, (_, at) => tokenOf(`bench-${at}`))),
    issuers,
    jwks: JSON.stringify(jwks),
    folder(name) {
      const folder = join(root, name);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function tokenOf(sub: string): Promise<string> {
  return devToken({ sub, scope: "external", expiresSeconds: TOKEN_SECONDS, claims: {} });
}
