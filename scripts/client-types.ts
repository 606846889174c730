// Writes the types of the client again: the last part of `npm run types`.
import { writeFileSync } from "node:fs";
import { API_TYPES, makeApiTypes } from "./api-types.ts";

writeFileSync(API_TYPES, await makeApiTypes());
