import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { devIssuers } from "../../scripts/dev-keys.ts";
import { devToken } from "../../scripts/dev-token.ts";
import { startServer } from "./children.ts";
import type { World } from "./contender.ts";

const USERS = 64;
const TOKEN_SECONDS = 86_400;
/** In all more than an isolate keeps, so that each is new to it. */
const NEW_TOKENS_A_USER = 40;

/** The upstream, the receiver, the users, and a folder that goes away at the end. */
export async function makeWorld(): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), "edge-actions-bench-"));
  // Also when it is broken off.
  process.once("exit", () => rmSync(root, { recursive: true, force: true }));
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
    tokens: await makeTokens(1),
    newTokens: () => makeTokens(NEW_TOKENS_A_USER),
    issuers,
    issuer,
    audience,
    jwks: JSON.stringify(jwks),
    folder(name) {
      const folder = join(root, name);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
  };
}

/** So many of each user, the users in turn. */
function makeTokens(each: number): Promise<string[]> {
  return Promise.all(Array.from({ length: USERS * each }, (_, at) => makeToken(`bench-${at % USERS}`)));
}

function makeToken(sub: string): Promise<string> {
  const claims = { jti: crypto.randomUUID() };
  return devToken({ sub, scope: "external", expiresSeconds: TOKEN_SECONDS, claims });
}
