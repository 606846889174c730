// A schema of the document as rows for people: each member under its parent, with its type in words. Pure; the document
// is read without trusting its shape.
import { isObject, memberOf } from "../../platform/json.ts";

export type Row = {
  name: string;
  depth: number;
  type: string;
  required: boolean;
  description: string;
};

/** Deeper than any schema of ours: a schema that holds itself must end somewhere. */
const MAX_DEPTH = 6;
const REF = "#/components/schemas/";

/** The members of a schema, depth first; none for what has no members. */
export function rowsOf(document: unknown, schema: unknown, depth = 0): Row[] {
  if (depth > MAX_DEPTH) return [];
  const whole = membersSchema(document, schema);
  const properties = memberOf(whole, "properties");
  if (!isObject(properties)) return [];
  const required = memberOf(whole, "required");
  return Object.entries(properties).flatMap(([name, member]) => {
    const isRequired = Array.isArray(required) && required.includes(name);
    return [rowOf(document, name, member, depth, isRequired), ...rowsOf(document, member, depth + 1)];
  });
}

export function rowOf(
  document: unknown,
  name: string,
  schema: unknown,
  depth: number,
  required: boolean,
): Row {
  const description = textOf(schema, "description") || textOf(resolved(document, schema), "description");
  return { name, depth, type: typeOf(document, schema), required, description };
}

/** The name of a component, where a schema is only that. */
export function nameOf(schema: unknown): string | null {
  const ref = textOf(schema, "$ref");
  return ref.startsWith(REF) ? ref.slice(REF.length) : null;
}

export function textOf(value: unknown, name: string): string {
  const text = memberOf(value, name);
  return typeof text === "string" ? text : "";
}

export function listOf(value: unknown, name: string): unknown[] {
  const list = memberOf(value, name);
  return Array.isArray(list) ? list : [];
}

function resolved(document: unknown, schema: unknown): unknown {
  const name = nameOf(schema);
  if (name === null) return schema;
  return memberOf(memberOf(memberOf(document, "components"), "schemas"), name);
}

/** Where the members are: in the schema itself, in an array's items, or in the one alternative that is not null. */
function membersSchema(document: unknown, schema: unknown): unknown {
  const whole = resolved(document, schema);
  const items = memberOf(whole, "items");
  if (items !== undefined) return membersSchema(document, items);
  const [one, ...others] = alternatives(whole).filter((each) => memberOf(each, "type") !== "null");
  return one !== undefined && others.length === 0 ? membersSchema(document, one) : whole;
}

function alternatives(schema: unknown): unknown[] {
  return [...listOf(schema, "oneOf"), ...listOf(schema, "anyOf")];
}

function typeOf(document: unknown, schema: unknown): string {
  const whole = resolved(document, schema);
  const either = alternatives(whole).map((each) => typeOf(document, each));
  if (either.length > 0) return either.join(" or ");
  const fixed = memberOf(whole, "const");
  if (fixed !== undefined) return `always ${JSON.stringify(fixed)}`;
  const values = listOf(whole, "enum");
  if (values.length > 0) return `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`;
  return [plainType(document, whole), ...boundsOf(whole)].join(", ");
}

function plainType(document: unknown, schema: unknown): string {
  const type = memberOf(schema, "type");
  const items = memberOf(schema, "items");
  if (type === "array") return items === undefined ? "array" : `array of ${typeOf(document, items)}`;
  if (Array.isArray(type)) return type.join(" or ");
  const format = textOf(schema, "format");
  if (typeof type !== "string") return "anything";
  return format === "" ? type : `${type} (${format})`;
}

function boundsOf(schema: unknown): string[] {
  const [least, most] = [memberOf(schema, "minimum"), memberOf(schema, "maximum")];
  const length = memberOf(schema, "maxLength");
  const otherwise = memberOf(schema, "default");
  return [
    ...(least === undefined ? [] : [`at least ${JSON.stringify(least)}`]),
    ...(most === undefined ? [] : [`at most ${JSON.stringify(most)}`]),
    ...(length === undefined ? [] : [`at most ${JSON.stringify(length)} characters`]),
    ...(otherwise === undefined ? [] : [`${JSON.stringify(otherwise)} by default`]),
  ];
}
