// Whether Analytics Engine is on in the account. It must be switched on by hand, once; until then the platform refuses every
// version of the gateway, at the upload. wrangler cannot be asked, so this is one more request to the account: it reads only,
// with wrangler's own credentials, which go nowhere else.
import { z } from "zod";
import { parseJson } from "../../src/platform/json.ts";
import { type Wrangler, WranglerFailed } from "./wrangler.ts";

export type AnalyticsEngine = "on" | "off" | "unknown";

/** As `fetch` does. */
export type SendRequest = (url: string, init: RequestInit) => Promise<Response>;

type Shell = Readonly<Record<string, string | undefined>>;
type Access = { url: string; token: string };

const API = "https://api.cloudflare.com/client/v4";
const ANSWER_MS = 10_000;
/** The service's own words where it is off. A token that may not ask gets JSON, with an error code. */
const OFF = /^\s*Authorization error\s*$/i;

const credentials = z.object({ token: z.string() });
const accounts = z.object({ accounts: z.array(z.object({ id: z.string() })) });

/** `accountId` is wrangler.toml's. */
export async function checkAnalyticsEngine(
  wrangler: Wrangler,
  accountId: string | undefined,
  shell: Shell,
  send: SendRequest,
): Promise<AnalyticsEngine> {
  const access = await findAccess(wrangler, accountId, shell);
  if (access === null) return "unknown";
  try {
    const response = await send(`${access.url}/analytics_engine/sql`, {
      method: "POST",
      headers: { authorization: `Bearer ${access.token}` },
      body: "SHOW TABLES",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return readAnswer(response.status, await response.text());
  } catch {
    // The upload says it again, if it is off.
    return "unknown";
  }
}

function readAnswer(status: number, body: string): AnalyticsEngine {
  if (status === 200) return "on";
  return status === 403 && OFF.test(body) ? "off" : "unknown";
}

async function findAccess(
  wrangler: Wrangler,
  accountId: string | undefined,
  shell: Shell,
): Promise<Access | null> {
  const token = (await read(wrangler, ["auth", "token", "--json"], credentials))?.token;
  const id = accountId ?? (shell["CLOUDFLARE_ACCOUNT_ID"] || (await onlyAccount(wrangler)));
  if (token === undefined || id === null) return null;
  return { url: `${shell["CLOUDFLARE_API_BASE_URL"] || API}/accounts/${id}`, token };
}

async function onlyAccount(wrangler: Wrangler): Promise<string | null> {
  const [first, ...others] = (await read(wrangler, ["whoami", "--json"], accounts))?.accounts ?? [];
  return first !== undefined && others.length === 0 ? first.id : null;
}

/** Null where it is not there. What was printed is in no error, because it has the token. */
async function read<T>(
  wrangler: Wrangler,
  command: readonly string[],
  shape: z.ZodType<T>,
): Promise<T | null> {
  try {
    return shape.safeParse(parseJson(await wrangler.run(command))).data ?? null;
  } catch (error) {
    if (error instanceof WranglerFailed) return null;
    throw error;
  }
}
