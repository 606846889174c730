// The receiver of callbacks, a process of its own: takes every one, and GET /counts says how many there were.
import { listen } from "./socket-server.ts";

const counts = { received: 0 };
const port = await listen((method) => {
  if (method === "GET") return { status: 200, body: JSON.stringify(counts) };
  counts.received += 1;
  return { status: 200, body: "{}" };
});
process.send?.({ port });
