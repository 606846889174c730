// V8's CPU profile of a Worker, taken through workerd's inspector, and who had the time in it. What the runtime does
// outside of JavaScript is in `(program)`, unless JavaScript called it: then it is a function without a place.
import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { basename, dirname, relative, resolve } from "node:path";
import { PROJECT } from "../../scripts/kept-folder.ts";

type Frame = { functionName: string; url: string; lineNumber: number; columnNumber: number };
type Ticks = { line: number; ticks: number };
type ProfileNode = {
  id: number;
  callFrame: Frame;
  hitCount: number;
  children?: number[];
  positionTicks?: Ticks[];
};
export type Profile = { nodes: ProfileNode[]; samples: number[]; timeDeltas: number[] };

// What a method answers is the protocol's to say, and JSON to us.
type ProtocolAnswer = ReturnType<typeof JSON.parse>;

/** Microseconds in the function itself, and in it with everything that it called. */
export type Share = { name: string; place: string; selfUs: number; totalUs: number };

const SAMPLE_EVERY_US = 200;

/** Connects to an inspector. */
export async function openProfiler(url: URL) {
  const socket = new WebSocket(url);
  const waiting = new Map<number, PromiseWithResolvers<ProtocolAnswer>>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error }: { id?: number; result?: ProtocolAnswer; error?: { message: string } } =
      JSON.parse(data);
    if (error === undefined) waiting.get(id ?? 0)?.resolve(result);
    else waiting.get(id ?? 0)?.reject(new Error(error.message));
  });
  const opened = Promise.withResolvers<void>();
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("error", () => opened.reject(new Error(`no inspector at ${url.href}`)));
  await opened.promise;
  const ask = (method: string, params: object = {}): Promise<ProtocolAnswer> => {
    const id = waiting.size + 1;
    const answer = Promise.withResolvers<ProtocolAnswer>();
    waiting.set(id, answer);
    socket.send(JSON.stringify({ id, method, params }));
    return answer.promise;
  };
  return {
    async start(): Promise<void> {
      await ask("Profiler.enable");
      await ask("Profiler.setSamplingInterval", { interval: SAMPLE_EVERY_US });
      await ask("Profiler.start");
    },
    async stop(): Promise<Profile> {
      const { profile }: { profile: Profile } = await ask("Profiler.stop");
      return profile;
    },
    close: () => socket.close(),
  };
}

/** The time of each function, by where it stands in the sources, or else by who called it. */
export function shares(profile: Profile, bundleFile: string): Share[] {
  const selfUs = ownTimes(profile);
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const place = placesIn(bundleFile);
  const found = new Map<string, Share>();
  const visit = (node: ProfileNode, ancestors: ReadonlySet<string>, caller = ""): number => {
    const name = node.callFrame.functionName || "(anonymous)";
    const isOurs = node.callFrame.url !== "";
    const where = isOurs ? place(node.callFrame) : caller && `called by ${caller}`;
    const key = `${name} ${where}`;
    const share = found.get(key) ?? { name, place: where, selfUs: 0, totalUs: 0 };
    found.set(key, share);
    const own = selfUs.get(node.id) ?? 0;
    const inside = new Set(ancestors).add(key);
    const children = (node.children ?? []).flatMap((id) => byId.get(id) ?? []);
    const total = children.reduce((sum, child) => sum + visit(child, inside, isOurs ? key : ""), own);
    share.selfUs += own;
    // Of a function that calls itself the outermost call has it all.
    if (!ancestors.has(key)) share.totalUs += total;
    return total;
  };
  const [root] = profile.nodes;
  if (root !== undefined) visit(root, new Set());
  return [...found.values()].toSorted((a, b) => b.selfUs - a.selfUs);
}

/** The time of each line, in microseconds, without what it called. */
export function lineTimes(profile: Profile, bundleFile: string): [line: string, us: number][] {
  const selfUs = ownTimes(profile);
  const place = placesIn(bundleFile);
  const found = new Map<string, number>();
  for (const { id, callFrame, hitCount, positionTicks = [] } of profile.nodes) {
    if (callFrame.url === "") continue;
    for (const { line, ticks } of positionTicks) {
      const where = place({ ...callFrame, lineNumber: line - 1, columnNumber: Number.MAX_SAFE_INTEGER });
      found.set(where, (found.get(where) ?? 0) + ((selfUs.get(id) ?? 0) * ticks) / hitCount);
    }
  }
  return [...found].toSorted(([, a], [, b]) => b - a);
}

function ownTimes({ samples, timeDeltas }: Profile): Map<number, number> {
  const selfUs = new Map<number, number>();
  samples.forEach((id, at) => selfUs.set(id, (selfUs.get(id) ?? 0) + (timeDeltas[at] ?? 0)));
  return selfUs;
}

function placesIn(bundleFile: string): (frame: Frame) => string {
  const payload: SourceMapPayload = JSON.parse(readFileSync(`${bundleFile}.map`, "utf8"));
  const map = new SourceMap(payload);
  return ({ url, lineNumber, columnNumber }) => {
    if (!url.endsWith(basename(bundleFile))) return url;
    const entry = map.findEntry(lineNumber, columnNumber);
    if (!("originalSource" in entry)) return `${basename(url)}:${lineNumber + 1}`;
    const source = relative(PROJECT, resolve(dirname(bundleFile), entry.originalSource));
    return `${source}:${entry.originalLine + 1}`;
  };
}
