import type { JSX } from "hono/jsx/jsx-runtime";
import { ButtonLink, Fault, Field, Submit } from "../shell/forms.tsx";
import { BareLayout, type Frame } from "../shell/layout.tsx";
import { ROOT, SIGN_IN } from "../shell/links.ts";

/** What `/console/sign-in?error=` may say. */
const ERRORS = {
  invalid: "That is no token that holds here. It may be of another issuer.",
  expired: "Session expired, sign in again with a new token.",
  signed_out: "That session was signed out of. Sign in with a new token.",
  still_open:
    "This browser is signed out, but the session could not be ended at the gateway. It ends with its token.",
  scope: "That token is good, but it has not the scope of operators.",
  issuer: "That token is good, but its issuer names no operators (JWT_ISSUERS).",
  too_long: "That token is too long to be kept in a cookie. Ask for one with fewer claims.",
  off: "Tokens do not open the console here.",
  unavailable: "Signing in is not possible at the moment. Try again in a minute.",
};

export type SignInError = keyof typeof ERRORS;

type SignInProps = {
  frame: Frame;
  error: SignInError | null;
  usesAccess: boolean;
  /** What a token needs; null: none opens the console. */
  scope: string | null;
  /** The page that was asked for. */
  next: string;
};

export function isSignInError(text: string): text is SignInError {
  return Object.hasOwn(ERRORS, text);
}

export function SignInPage({ frame, error, usesAccess, scope, next }: SignInProps): JSX.Element {
  return (
    <BareLayout title="Sign in" frame={frame}>
      <Fault text={error && ERRORS[error]} />
      <section class="card">
        <h1>Sign in to the console</h1>
        {usesAccess && <ByAccess />}
        {scope !== null && <ByToken scope={scope} next={next} />}
        {!usesAccess && scope === null && (
          <p>
            Sign-in is not set up: neither Cloudflare Access (ACCESS_TEAM_DOMAIN, ACCESS_AUD) nor a scope of
            operators (OPERATOR_SCOPE) is set.
          </p>
        )}
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
        <ButtonLink kind="primary" href={ROOT}>
          Try again
        </ButtonLink>
      </p>
    </>
  );
}

function ByToken({ scope, next }: { scope: string; next: string }): JSX.Element {
  return (
    <>
      <p>A token with the scope {scope} opens the console. In development, this prints one:</p>
      <pre class="mono command">npm run --silent token -- --sub me --scope {scope}</pre>
      <form method="post" action={SIGN_IN}>
        <input type="hidden" name="next" value={next} />
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
        <Submit kind="primary">Sign in</Submit>
      </form>
    </>
  );
}
