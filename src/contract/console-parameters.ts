// What operators may ask of several of the console's operations, as their document says it.
import { inQuery, type Parameter, type Schema } from "./parts.ts";

export const text: Schema = { type: "string" };
export const uuid: Schema = { type: "string", format: "uuid" };
export const time: Schema = { type: "string", format: "date-time" };
const userKey: Schema = { type: "string", pattern: "^[A-Za-z0-9_-]{43}$" };
export const userInPath = { in: "path", name: "user", schema: userKey, required: true };

export function userParameters(): Parameter[] {
  return [inQuery("user", userKey), inQuery("issuer", text), inQuery("subject", text)];
}

export function searchedUser(): Parameter[] {
  const several: Schema = {
    type: "string",
    description: "Needed only where several issuers have the subject.",
  };
  return [inQuery("user", userKey), inQuery("subject", text), inQuery("issuer", several)];
}

export function failureParameters(): Parameter[] {
  const status = "Of the last attempt: a status code, or `none` where it got no answer.";
  return [
    inQuery("host", { type: "string", description: "Of the callback; `-`: there is none." }),
    inQuery("reason", {
      type: "string",
      description: "Why the last attempt failed, or the run was abandoned.",
    }),
    inQuery("http_status", { type: "string", pattern: "^([1-5][0-9]{2}|none)$", description: status }),
  ];
}

export function spanParameters(): Parameter[] {
  return [inQuery("from", time), inQuery("to", time)];
}
