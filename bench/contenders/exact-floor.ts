import { proxy } from "./floor.ts";

/** What the others are given in parts of. */
export const exactFloor = proxy("exact-floor", "the exact floor: a Hono proxy that counts each user exactly");
