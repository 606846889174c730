// How an upstream's answer is coded. Codings are case-insensitive, and `x-gzip` is `gzip` (RFC 9110, section 8.4.1), but the
// runtime decodes only what it has in DECODED, in these very spellings. In any other, Node's decoders take over, and not
// DecompressionStream: that one takes whatever comes, however slowly it is read, so a large answer would fill the isolate.
import { DECODED } from "./headers.ts";

/** The answer as it was before it was encoded. Null: it is nonsense, because neither the gateway nor its caller can read it. */
export async function decode(response: Response): Promise<Response | null> {
  const { headers } = response;
  if (!headers.has("content-encoding") && !headers.has("transfer-encoding")) return response;
  const { status, body } = response;
  const coding = headers.get("content-encoding") ?? "";
  const name = coding.toLowerCase().replace("x-gzip", "gzip");
  const transfer = headers.get("transfer-encoding")?.toLowerCase() ?? "chunked";
  // The runtime takes off chunks, and no coding under them; nothing asked for one.
  if (body !== null && !["chunked", "identity"].includes(transfer)) return null;
  if (headers.get("content-length") === "0") return empty(response);
  if (body === null || ["", "identity"].includes(name) || DECODED.includes(coding)) return response;
  if (!DECODED.includes(name)) return null;
  const [zlib, { Duplex }] = await Promise.all([import("node:zlib"), import("node:stream")]);
  const decoder = name === "gzip" ? zlib.createGunzip() : zlib.createBrotliDecompress();
  // Only from the second stream can a reader have blocks of its own size.
  const plain = body.pipeThrough(Duplex.toWeb(decoder)).pipeThrough(new IdentityTransformStream());
  const rest = new Headers(headers);
  for (const header of ["content-encoding", "content-length"]) rest.delete(header);
  return new Response(plain, { status, headers: rest });
}

/** No coding makes a body of no bytes. A decoder that is given one throws. */
function empty({ status, headers, body }: Response): Response {
  body?.cancel().catch(() => undefined);
  const rest = new Headers(headers);
  rest.delete("content-encoding");
  return new Response(null, { status, headers: rest });
}
