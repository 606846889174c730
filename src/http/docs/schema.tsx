// A schema of the document for people: each member under its parent, with its type in words.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Schema } from "../../contract/parts.ts";
import { formatLine } from "./markdown.tsx";

export type Schemas = Record<string, Schema>;
/** As zod types it: JSON Schema also allows `true`, and a list of items; ours have neither. */
type AnySchema = Schema["items"];
type Props = { schema: AnySchema; schemas: Schemas; depth?: number };

/** Deeper than any schema of ours: a schema that holds itself must end somewhere. */
const MAX_DEPTH = 6;

export function Members({ schema, schemas, depth = 0 }: Props): JSX.Element {
  const { properties = {}, required = [] } = findMembers(schema, schemas);
  const members = Object.entries(properties);
  if (members.length === 0 || depth > MAX_DEPTH) return <></>;
  return (
    <ul>
      {members.map(([name, member]) => (
        <li>
          <code>{name}</code> <small>{describeType(member, schemas)}</small>
          {required.includes(name) && <small>, required</small>}
          <p>{formatLine(resolve(member, schemas).description ?? "")}</p>
          <Members schema={member} schemas={schemas} depth={depth + 1} />
        </li>
      ))}
    </ul>
  );
}

/** What is said beside a reference goes before what the component says. */
function resolve(schema: AnySchema, schemas: Schemas): Schema {
  if (typeof schema !== "object" || Array.isArray(schema)) return {};
  return { ...schemas[schema.$ref?.replace(/.*\//, "") ?? ""], ...schema };
}

/** Where the members are: in the schema itself, in an array's items, or in the one alternative that is not null. */
function findMembers(schema: AnySchema, schemas: Schemas): Schema {
  const whole = resolve(schema, schemas);
  if (whole.items !== undefined) return findMembers(whole.items, schemas);
  const [only, ...others] = findAlternatives(whole).filter(({ type }) => type !== "null");
  return only !== undefined && others.length === 0 ? findMembers(only, schemas) : whole;
}

function findAlternatives({ anyOf, oneOf = [] }: Schema): Schema[] {
  return anyOf ?? oneOf;
}

function describeType(schema: AnySchema, schemas: Schemas): string {
  const whole = resolve(schema, schemas);
  const either = findAlternatives(whole).map((each) => describeType(each, schemas));
  if (either.length > 0) return either.join(" or ");
  if (whole.const !== undefined) return `always ${JSON.stringify(whole.const)}`;
  if (whole.enum !== undefined)
    return `one of ${whole.enum.map((value) => JSON.stringify(value)).join(", ")}`;
  return [plainType(whole, schemas), ...describeBounds(whole)].join(", ");
}

function plainType({ type, items, format }: Schema, schemas: Schemas): string {
  if (items !== undefined) return `array of ${describeType(items, schemas)}`;
  const name = [type ?? "anything"].flat().join(" or ");
  return format === undefined ? name : `${name} (${format})`;
}

function describeBounds({ minimum, maximum, maxLength, default: otherwise }: Schema): string[] {
  return [
    minimum !== undefined && `at least ${minimum}`,
    maximum !== undefined && `at most ${maximum}`,
    maxLength !== undefined && `at most ${maxLength} characters`,
    otherwise !== undefined && `${JSON.stringify(otherwise)} by default`,
  ].filter((bound) => bound !== false);
}
