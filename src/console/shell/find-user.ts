// Which user a search means. A subject alone will do where one of the settings' issuers has it: their gates say whether
// they know such a user.
import { buildUserKey } from "../../auth/caller.ts";
import type { GateNamespace } from "../../gate/address.ts";
import { GateClient } from "../../gate/client.ts";
import type { Services } from "../../services/services.ts";
import { BadParameter, type Given, parseText, parseUser } from "./parameters.ts";

type Deps = Pick<Services, "gates" | "settings">;

/** Null: no user is named. Throws a BadParameter, and when a gate does not answer. */
export async function findUser(deps: Deps, given: Given): Promise<string | null> {
  const subject = parseText(given, "subject");
  const isAlone = parseText(given, "issuer") === null && parseText(given, "user") === null;
  return subject !== null && isAlone ? findBySubject(deps, subject) : parseUser(given);
}

export async function requireFoundUser(deps: Deps, given: Given): Promise<string> {
  const userKey = await findUser(deps, given);
  if (userKey === null) throw new BadParameter("user", "user, or subject, is required.");
  return userKey;
}

export async function isKnownUser(gates: GateNamespace, userKey: string): Promise<boolean> {
  return (await GateClient.ofUser(gates, userKey).inspect(Date.now())).isKnown;
}

async function findBySubject({ gates, settings }: Deps, subject: string): Promise<string | null> {
  const users = await Promise.all(
    settings.issuers.map(async ({ issuer }) => {
      const userKey = await buildUserKey(issuer, subject);
      return { issuer, userKey, isKnown: await isKnownUser(gates, userKey) };
    }),
  );
  const known = users.filter(({ isKnown }) => isKnown);
  if (known.length > 1) {
    const issuers = known.map(({ issuer }) => issuer).join(", ");
    throw new BadParameter("issuer", `issuer is required: this subject has several, ${issuers}.`);
  }
  return (known[0] ?? users[0])?.userKey ?? null;
}
