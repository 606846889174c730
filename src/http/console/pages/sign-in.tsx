import type { JSX } from "hono/jsx/jsx-runtime";
import { BareLayout, type Frame } from "../layout.tsx";
import { ROOT } from "../links.ts";
import { Field } from "../parts.tsx";

type SignInProps = { frame: Frame; usesAccess: boolean };

export function SignInPage({ frame, usesAccess }: SignInProps): JSX.Element {
  return (
    <BareLayout title="Sign in" frame={frame}>
      <section class="card">
        <h1>Sign in to the console</h1>
        {usesAccess ? <ByAccess /> : <ByToken />}
      </section>
    </BareLayout>
  );
}

function ByAccess(): JSX.Element {
  return (
    <>
      <p>
        Cloudflare Access is on: it signs operators in before they come here. You see this page because no
        valid assertion of it came with your request.
      </p>
      <p>
        <a class="button primary" href={ROOT}>
          Try again
        </a>
      </p>
    </>
  );
}

function ByToken(): JSX.Element {
  return (
    <>
      <p>This prints a token for the console, on the machine that runs the gateway:</p>
      <pre class="command">
        <code>npm run --silent token -- --sub me --scope operator</code>
      </pre>
      <form method="post" action={`${ROOT}/sign-in`}>
        <Field label="Token" hint="It stays in a cookie of this browser until it expires.">
          <textarea
            name="token"
            rows={4}
            required
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
          />
        </Field>
        <button class="button primary" type="submit">
          Sign in
        </button>
      </form>
    </>
  );
}
