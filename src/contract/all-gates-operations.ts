// The operators' operations over all gates: a page of them a request.

import { CHARGE_EXAMPLE, csvExample } from "./charge-example.ts";
import { API, common, errors, inQuery } from "./console-operations.ts";
import { type Answer, answer, type Entry, exported, ref, type Schema, uncounted } from "./parts.ts";

export function allGatesOperations(): Entry[] {
  const [charges, reindex] = [exportCharges(), reindexGates()];
  return [
    { path: `${API}/charges`, method: "get", operation: charges },
    { path: `${API}/reindex`, method: "post", operation: reindex },
  ];
}

function exportCharges(): Entry["operation"] {
  const time: Schema = { type: "string", format: "date-time" };
  return {
    ...common("exportConsoleCharges", "Export every user's charges"),
    description:
      "One line of JSON for each charge of any user from `from` up to, but not including, `to`; with `Accept: text/csv` the same as CSV (RFC 4180, with a header row). A page has up to 1,000 charges of up to 40 users, and may have none: it is the last one only when it has no `Link`. Users come in no order of meaning, each one's charges oldest first. A request that fails is repeated with the same cursor, and nothing is missed or given twice.",
    parameters: [
      { ...inQuery("from", time), required: true },
      {
        ...inQuery("to", { ...time, description: "At least 5 minutes ago, so that the span is complete." }),
        required: true,
      },
      inQuery("cursor", { type: "string", description: "The `X-Next-Cursor` of a page of the same span." }),
    ],
    responses: { "200": chargesAnswer(), ...errors() },
  };
}

function chargesAnswer(): Answer {
  const example = {
    user: "k1WQ9qkBcBzXbL3JmAq0Yt7eHnGv5sRd2fUoIxCpMwE",
    issuer: "https://login.example.com",
    subject: "alice",
    ...CHARGE_EXAMPLE,
  };
  return {
    description: "A page of charges",
    headers: exported,
    content: {
      "application/x-ndjson": {
        schema: ref("ConsoleCharge"),
        examples: { Line: { value: example, summary: "One line" } },
      },
      "text/csv": {
        schema: { type: "string" },
        examples: { Csv: { value: csvExample(example), summary: "The same as CSV" } },
      },
    },
  };
}

function reindexGates(): Entry["operation"] {
  const value = { gates: 40, told_anew: 38, unreachable: 0, next_cursor: "WzEsbnVsbCwiMDAiXQ" };
  return {
    ...common("reindexConsole", "Have gates tell a new index everything again"),
    description:
      "After the operators' index (D1) was lost and made anew. Each request asks up to 40 gates; a gate that has told this index already does nothing.",
    parameters: [
      inQuery("cursor", { type: "string", description: "The `next_cursor` of the request before." }),
    ],
    responses: {
      "200": answer("These gates were asked", ref("ConsoleReindexPage"), uncounted, {
        Page: { value, summary: "There are more" },
      }),
      ...errors(),
    },
  };
}
