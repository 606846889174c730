// Where Node keeps what it has compiled of wrangler, which is large and started often.
import { fileURLToPath } from "node:url";

/** For the environment of whatever starts it. */
export const COMPILE_CACHE = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL("../node_modules/.cache/edge-actions", import.meta.url)),
};
