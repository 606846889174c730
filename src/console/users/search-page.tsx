import type { PropsWithChildren } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import { Fault, Submit, TextField } from "../shell/forms.tsx";
import { Layout, type SearchPageProps } from "../shell/layout.tsx";
import { ROOT } from "../shell/links.ts";
import { Controls } from "./controls.tsx";

/** `unknown`: the user key that was looked up, and that no gate knows. */
type UsersPageProps = SearchPageProps<readonly string[]> & { unknown?: string | null };

/** Users are looked up, never listed: each one's gate knows that user alone. `view`: the issuers that the settings name. */
export function UsersPage({
  frame,
  view: issuers,
  given,
  fault,
  unknown = null,
}: UsersPageProps): JSX.Element {
  const { issuer = "", subject = "", user = "" } = given;
  return (
    <Layout
      title="Users"
      frame={frame}
      section="users"
      lead="A user is an issuer and a subject. Each has a gate of its own, so look one up."
    >
      <Fault text={fault} />
      <div class="halves">
        <LookUp title="By subject">
          <TextField
            label="Issuer"
            hint="iss of the token, to the letter; only where several know the user"
            name="issuer"
            value={issuer}
            list="issuers"
          />
          <datalist id="issuers">
            {issuers.map((each) => (
              <option value={each} />
            ))}
          </datalist>
          <TextField
            label="Subject"
            hint="sub of the token"
            name="subject"
            value={subject}
            required
            spellcheck={false}
          />
        </LookUp>
        <LookUp title="By user key, run id or host">
          <TextField
            label="User key, run id or host"
            hint="The log and the lists name users by a key of 43 characters. A run id and a host lead to runs."
            name="user"
            value={user}
            required
            spellcheck={false}
          />
        </LookUp>
      </div>
      {unknown !== null && <Controls user={unknown} control={null} nowMs={frame.nowMs} />}
    </Layout>
  );
}

function LookUp({ title, children }: PropsWithChildren<{ title: string }>): JSX.Element {
  return (
    <form class="card" method="get" action={`${ROOT}/users`}>
      <h2>{title}</h2>
      {children}
      <div class="buttons">
        <Submit kind="primary">Look up</Submit>
      </div>
    </form>
  );
}
