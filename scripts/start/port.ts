import { once } from "node:events";
import { createServer } from "node:net";
import { Failure } from "../failure.ts";
import { HIGHEST_PORT, isPort } from "./options.ts";

/** wrangler says so too, but only after it has built everything. */
export async function requireFreePort(host: string, port: string): Promise<void> {
  if (!isPort(port)) throw new Failure(`--port must be a whole number from 1 to ${HIGHEST_PORT}.`);
  const server = createServer();
  try {
    await once(server.listen(Number(port), host), "listening");
  } catch (error) {
    if (!isAddressInUse(error)) return;
    throw new Failure(
      `Port ${port} of ${host} is in use. Stop what listens there, or choose another one: npm start -- --port 9000`,
    );
  } finally {
    server.close();
  }
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
