// HTTP/1.1 by hand, of bytes read as latin1 so that a character is a byte. It understands what the parties of a bench
// send one another, and nothing else.
export const HEAD_END = "\r\n\r\n";
const CHUNKS_END = "0\r\n\r\n";

/** Where the first message in it ends, which may be further than it goes; -1 while that is not known. */
export function messageEnd(text: string): number {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd === -1) return -1;
  const bodyStart = headEnd + HEAD_END.length;
  const head = text.slice(0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return bodyStart + Number(length);
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return bodyStart;
  const last = text.indexOf(CHUNKS_END, bodyStart);
  return last === -1 ? -1 : last + CHUNKS_END.length;
}
