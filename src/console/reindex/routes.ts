// After D1 was lost and created anew: walks the registry and has each gate report everything to the operators' index again, at
// once and not within a week, when its own alarm would. To repeat it is harmless: a gate that has reported to this index already
// does nothing.

import type { GateNamespace } from "../../gate/address.ts";
import { GateClient } from "../../gate/client.ts";
import type { AppContext } from "../../http/context.ts";
import { audited, newEntry } from "../../operators/audit.ts";
import { BEGINNING, listGates, type RegistryPosition } from "../../operators/registry.ts";
import { inChunks } from "../../platform/chunks.ts";
import { problem } from "../../platform/errors.ts";
import { log } from "../../platform/observability/log.ts";
import { decodeOpaque, encodeOpaque } from "../../platform/opaque.ts";
import type { Services } from "../../services/services.ts";
import { asked, found } from "../shell/api.ts";
import type { Feature } from "../shell/feature.ts";
import { BadParameter, type Given } from "../shell/parameters.ts";

/** `reindexed` of the `gates`; `unreachable` did not answer, or D1 did not answer them. */
type Reindexed = { gates: number; reindexed: number; unreachable: number; next_cursor: string | null };

const MAX_GATES = 40;
const AT_ONCE = 6;

const UNAVAILABLE = problem(
  "service_unavaiable",
  "The gates cannot be asked at the moment. Ask again with the same cursor.",
  { retryAfterSeconds: 5 },
);

export const reindex: Feature = [
  {
    path: "/reindex",
    post: asked(parsePosition, async (c, position) => found(await reindexAudited(c, position)), UNAVAILABLE),
  },
];

async function reindexAudited(c: AppContext, position: RegistryPosition): Promise<Reindexed | null> {
  let done: Reindexed | null = null;
  await audited(c.get("services").operatorsDb, newEntry(c.get("operator"), "reindex", null), async () => {
    done = await reindexGates(c.get("services"), position);
    const { gates, reindexed, unreachable } = done;
    return { kind: "done", detail: `${gates} gates: ${reindexed} reindexed, ${unreachable} unreachable` };
  });
  return done;
}

/** Throws when KV does not answer. */
async function reindexGates(
  services: Pick<Services, "kv" | "gates">,
  position: RegistryPosition,
): Promise<Reindexed> {
  const { gates, next } = await listGates(services.kv, position, MAX_GATES);
  const outcomes: ("reindexed" | "known" | "unreachable")[] = [];
  for (const chunk of inChunks(gates, AT_ONCE))
    outcomes.push(...(await Promise.all(chunk.map((gate) => reindexGate(services.gates, gate)))));
  const count = (outcome: (typeof outcomes)[number]) => outcomes.filter((one) => one === outcome).length;
  return {
    gates: gates.length,
    reindexed: count("reindexed"),
    unreachable: count("unreachable"),
    next_cursor: next && encodeOpaque([1, next.cursor, next.after]),
  };
}

async function reindexGate(
  gates: GateNamespace,
  gate: string,
): Promise<"reindexed" | "known" | "unreachable"> {
  try {
    return (await GateClient.byId(gates, gate)?.reindex()) === true ? "reindexed" : "known";
  } catch (error) {
    log({ event: "gate.unavailable", gate, error });
    return "unreachable";
  }
}

/** An empty cursor is the beginning. */
function parsePosition({ cursor: text = "" }: Given): RegistryPosition {
  if (text === "") return BEGINNING;
  const [v, cursor, after] = decodeOpaque(text) ?? [];
  if (v === 1 && typeof after === "string" && (cursor === null || typeof cursor === "string"))
    return { cursor, after };
  throw new BadParameter("cursor", "cursor must be the next_cursor of an answer of the same operation.");
}
