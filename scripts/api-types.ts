// The types of the client (clients/typescript/), made of the callers' contract.
import openapiTypes, { astToString } from "openapi-typescript";
import { openapiDocument } from "../src/contract/openapi.ts";

export const API_TYPES = "clients/typescript/api.generated.ts";

const HEADER =
  "// Made by `npm run types` from the gateway's /openapi.json: change the contract, not this file.\n";
/** Only `servers` has it, of which no type is made. */
const ANY_URL = "https://actions.example.com";

export async function makeApiTypes(): Promise<string> {
  return HEADER + astToString(await openapiTypes(JSON.stringify(openapiDocument(ANY_URL))));
}
