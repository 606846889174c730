// What a visitor finds at the gateway's root.
import type { JSX } from "hono/jsx/jsx-runtime";

const PLACES = [
  ["/docs", "API documentation", "for callers: operations, errors, limits, with a command to try each"],
  ["/openapi.json", "OpenAPI document", "the same for machines"],
  ["/console", "Console", "for operators: what runs, what fails, and what can be done"],
  ["/docs/operators", "Console API", "what the console shows and does, as JSON"],
  ["/readyz", "Readiness", "each dependency, and whether it answers"],
  ["/healthz", "Health", "whether the gateway runs"],
  ["/.well-known/jwks.json", "Public keys", "to verify callbacks and the gateway's tokens"],
] as const;

export function LandingPage(): JSX.Element {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Edge Actions</title>
        <link rel="stylesheet" href="/docs/assets/docs.css" />
      </head>
      <body>
        <main>
          <h1>Edge Actions</h1>
          <p>
            This is the gateway in front of an actions backend. It checks tokens, limits and retries, starts
            runs, and delivers their results.
          </p>
          <ul>
            {PLACES.map(([path, name, what]) => (
              <li>
                <a href={path}>{name}</a>
                <p>{what}</p>
              </li>
            ))}
          </ul>
        </main>
      </body>
    </html>
  );
}
