// An example made of a schema, for answers that their schema alone describes: a member that is added to it is in the
// example, too.
import type { Schema } from "./parts.ts";

const BY_FORMAT: Record<string, string> = { "date-time": "2026-11-20T12:00:00.000Z", date: "2026-11-20" };

/** A value that the schema accepts. `components`: what its references name. */
export function toExample(schema: Schema | boolean, components: Record<string, Schema>): unknown {
  if (typeof schema === "boolean") return null;
  const { $ref, examples, enum: choices, anyOf, items = true, properties = {} } = schema;
  const [given] = [...(examples ?? []), ...("default" in schema ? [schema.default] : []), ...(choices ?? [])];
  if (given !== undefined) return given;
  const other = $ref === undefined ? anyOf?.[0] : components[$ref.replace("#/components/schemas/", "")];
  if (other !== undefined) return toExample(other, components);
  const members = Object.entries(properties).map(([name, member]) => [name, toExample(member, components)]);
  if (members.length > 0) return Object.fromEntries(members);
  const [type] = [schema.type].flat();
  if (type === "array") return [items].flat().map((item) => toExample(item, components));
  if (type === "boolean") return true;
  if (type === "integer") return 1;
  return BY_FORMAT[schema.format ?? ""] ?? "text";
}
