// The first thing on the overview: what fails now.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { HealthCheck } from "../../operators/views.ts";
import { Chip, type ChipTone } from "../shell/components.tsx";
import { DEAD_LETTERS, errorsAt, ROOT, runsAt } from "../shell/links.ts";

/** What a check is called, and where its details are. */
const CHECKS: Readonly<Record<string, readonly [title: string, path?: string]>> = {
  requests: ["Requests", errorsAt({})],
  attempts: ["Delivery attempts", errorsAt({ kind: "callback" })],
  receivers: ["Receivers", `${ROOT}/destinations`],
  waiting: ["Callbacks waiting", runsAt({ state: "retrying" })],
  dead_letters: ["Dead letters", DEAD_LETTERS],
  queue: ["Queue"],
  overdue: ["Overdue runs", DEAD_LETTERS],
  dependencies: ["Dependencies"],
  gate: ["Gates"],
  kv: ["KV"],
  operators_index: ["Operators' index"],
  flags: ["Flag service"],
  upstream: ["Upstream", errorsAt({ kind: "upstream" })],
  signing_keys: ["Signing keys"],
  issuer_keys: ["Issuers' keys"],
};

const STATUSES: Record<HealthCheck["status"], readonly [tone: ChipTone, word: string]> = {
  failing: ["bad", "failing"],
  warning: ["warn", "check"],
  unknown: ["quiet", "not known"],
  ok: ["good", "ok"],
};

export function HealthStrip({ health }: { health: readonly HealthCheck[] }): JSX.Element {
  return (
    <section class="card health" aria-labelledby="health">
      <h2 id="health">{summarize(health)}</h2>
      <ul>
        {health.map(({ name, status, detail }) => {
          const [tone, word] = STATUSES[status];
          const [title, path] = CHECKS[name] ?? [name];
          return (
            <li>
              <Chip tone={tone}>{word}</Chip>
              <span>
                {path === undefined ? <strong>{title}</strong> : <a href={path}>{title}</a>}
                <span class="dim">{` ${detail}`}</span>
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function summarize(health: readonly HealthCheck[]): string {
  const titles = (wanted: HealthCheck["status"]) =>
    health.flatMap(({ name, status }) => (status === wanted ? [CHECKS[name]?.[0] ?? name] : [])).join(", ");
  const [failing, doubtful] = [titles("failing"), titles("warning")];
  if (failing !== "") return `Failing now: ${failing}`;
  return doubtful === "" ? "Nothing is known to fail" : `To check: ${doubtful}`;
}
