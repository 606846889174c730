// What the gateway says of itself without a token, and where its upstream tells it that a run has ended.

import { completionErrors, publicErrors } from "./answers.ts";
import {
  answer,
  type Entry,
  type Examples,
  type Media,
  NO_TOKEN,
  type Operation,
  ref,
  type Schema,
  uncounted,
} from "./parts.ts";

export function gatewayOperations(): Entry[] {
  return [
    { path: "/completions/{ref}", method: "post", operation: reportCompletion() },
    { path: "/.well-known/jwks.json", method: "get", operation: readKeys() },
    { path: "/openapi.json", method: "get", operation: readContract() },
    { path: "/docs", method: "get", operation: readDocs() },
    { path: "/healthz", method: "get", operation: readHealth() },
    { path: "/readyz", method: "get", operation: readReadiness() },
  ];
}

/** For the upstream, which was given this URL as the run's `callback_url`. */
function reportCompletion(): Operation {
  return {
    tags: ["Gateway"],
    summary: "Say that a run has ended",
    description:
      "For the upstream, at the URL that it was given as `callback_url`. The body may be the run's result; only its `id` is looked at (with the completion token), plain or in `gzip`, because the gateway reads the result itself.",
    operationId: "reportCompletion",
    parameters: [{ in: "path", name: "ref", schema: { type: "string" }, required: true }],
    responses: { "202": { description: "Noted", headers: uncounted }, ...completionErrors() },
    security: NO_TOKEN,
  };
}

function readKeys(): Operation {
  const x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
  const key = { kty: "OKP", crv: "Ed25519", x, kid: "2026-11", alg: "EdDSA", use: "sig" };
  const summary = "Public keys of callback signatures and of tokens sent upstream";
  return open("getKeys", summary, ref("JsonWebKeySet"), {
    Keys: { value: { keys: [key] }, summary: "One key" },
  });
}

function readContract(): Operation {
  const value = { openapi: "3.1.0", info: { title: "Actions API", version: "v1" }, paths: {} };
  const examples = { Document: { value, summary: "Its beginning" } };
  return open("getContract", "This document", { type: "object" }, examples);
}

function readDocs(): Operation {
  const operation = open("getDocs", "This document as a page", {}, {});
  const value = '<!doctype html><html lang="en">…</html>';
  const page: Media = { schema: { type: "string" }, examples: { Page: { value, summary: "In outline" } } };
  const answer200 = { description: "The page", headers: uncounted, content: { "text/html": page } };
  return { ...operation, responses: { ...operation.responses, "200": answer200 } };
}

function readHealth(): Operation {
  return open("getHealth", "Does the gateway run?", ref("Health"), {
    Healthy: { value: { status: "ok" }, summary: "It does" },
  });
}

function readReadiness(): Operation {
  const ok = "ok";
  const dependencies = {
    gate: ok,
    kv: ok,
    operators_index: ok,
    flags: ok,
    upstream: ok,
    signing_keys: ok,
    issuer_keys: ok,
  };
  const operation = open("getReadiness", "Does all that the gateway depends on work?", ref("Readiness"), {
    Ready: { value: { status: "ready", dependencies }, summary: "Everything works" },
  });
  const unready = answer("Something is down", ref("Readiness"), uncounted, {
    Unready: {
      value: { status: "not_ready", dependencies: { upstream: "failing" } },
      summary: "The upstream is down",
    },
  });
  return { ...operation, responses: { ...operation.responses, "503": unready } };
}

function open(operationId: string, summary: string, schema: Schema, examples: Examples): Operation {
  return {
    tags: ["Gateway"],
    summary,
    operationId,
    responses: { "200": answer("The answer", schema, uncounted, examples), ...publicErrors() },
    security: NO_TOKEN,
  };
}
