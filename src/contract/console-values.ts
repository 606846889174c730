// What the schemas of the console's API are made of.

import * as z from "zod/mini";
import { described } from "./schemas.ts";

export const time = z.string().with(z.meta({ format: "date-time" }));
export const count = z.int().with(z.gte(0));
export const user = like("k1WQ9qkBcBzXbL3JmAq0Yt7eHnGv5sRd2fUoIxCpMwE");
export const issuer = like("https://login.example.com");
export const subject = like("alice");
export const operator = like("olga@example.com");
export const uuid = like("123e4567-e89b-12d3-a456-426614174000");
export const receiver = like("client.example");
export const callbackError = like("status is no 2xx");
export const httpStatus = z.int().with(z.meta({ examples: [503] }));

/** A text, and what it may be like. */
export function like(example: string) {
  return z.string().with(z.meta({ examples: [example] }));
}

/** Objects of one shape. */
export function list<T extends z.core.$ZodShape>(shape: T, text?: string) {
  const schema = z.array(z.object(shape));
  return text === undefined ? schema : described(schema, text);
}

export const cursor = described(
  z.nullable(like("WzEsbnVsbCwiMDAiXQ")),
  "The `cursor` of the next page; null on the last one.",
);
export const result = described(z.nullable(z.enum(["success", "error"])), "Null: its end has not been read.");
