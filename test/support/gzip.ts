/** As a stream: `new Response` takes it as it is where its coding is one that the runtime does not know. */
export function gzip(...parts: (Uint8Array | string)[]): ReadableStream<Uint8Array> {
  return new Blob(parts).stream().pipeThrough(new CompressionStream("gzip"));
}
