// The token of a request, from its Authorization header and nowhere else: a token in a URL ends up in logs and
// histories, so the query is never read.

/** Names for the log. */
export type BearerReason = NoToken | BadToken;
type NoToken = "bearer.missing" | "bearer.empty" | "bearer.wrong_scheme";
type BadToken = "bearer.several_headers" | "bearer.white_space";

export type Bearer =
  /** No token was sent: nothing at all, a scheme alone, or a scheme that carries something else. */
  { kind: "none"; reason: NoToken } | { kind: "bad"; reason: BadToken } | { kind: "token"; token: string };

/** The public client of this API sends the scheme `JWT`; RFC 6750 has `Bearer`. */
const SCHEME = /^(?:bearer|jwt)(?= |$)/i;

export function readBearer(headers: Headers): Bearer {
  const value = headers.get("authorization");
  if (value === null) return { kind: "none", reason: "bearer.missing" };
  // Headers joins repeated fields with a comma, which no token has in it.
  if (value.includes(",")) return { kind: "bad", reason: "bearer.several_headers" };
  const scheme = SCHEME.exec(value);
  if (scheme === null) return { kind: "none", reason: "bearer.wrong_scheme" };
  const token = value.slice(scheme[0].length).replace(/^ +/, "");
  if (token === "") return { kind: "none", reason: "bearer.empty" };
  if (/\s/.test(token)) return { kind: "bad", reason: "bearer.white_space" };
  return { kind: "token", token };
}
