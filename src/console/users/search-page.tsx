import type { JSX } from "hono/jsx/jsx-runtime";
import { Fault, Submit, TextField } from "../shell/forms.tsx";
import { type Frame, Layout } from "../shell/layout.tsx";
import { ROOT } from "../shell/links.ts";
import { Heading } from "../shell/parts.tsx";

export type UserSearch = { issuer: string; subject: string; user: string };

type UsersProps = {
  frame: Frame;
  search: UserSearch;
  /** The issuers that the settings name. */
  issuers: readonly string[];
  fault: string | null;
};

/** Users are looked up, never listed: each one's gate knows that user alone. */
export function UsersPage({ frame, search, issuers, fault }: UsersProps): JSX.Element {
  return (
    <Layout title="Users" frame={frame} section="users">
      <Heading
        title="Users"
        lead="A user is an issuer and a subject. Each has a gate of its own, so look one up."
      />
      <Fault text={fault} />
      <div class="halves">
        <form class="card" method="get" action={`${ROOT}/users`}>
          <h2>By issuer and subject</h2>
          <TextField
            label="Issuer"
            hint="iss of the token, to the letter"
            name="issuer"
            value={search.issuer}
            list="issuers"
            required
          />
          <datalist id="issuers">
            {issuers.map((issuer) => (
              <option value={issuer} />
            ))}
          </datalist>
          <TextField
            label="Subject"
            hint="sub of the token"
            name="subject"
            value={search.subject}
            required
            spellcheck={false}
          />
          <div class="buttons">
            <Submit look="primary">Look up</Submit>
          </div>
        </form>
        <form class="card" method="get" action={`${ROOT}/users`}>
          <h2>By user key</h2>
          <TextField
            label="User key"
            hint="43 characters; the log and the lists name users so"
            name="user"
            value={search.user}
            required
            spellcheck={false}
          />
          <div class="buttons">
            <Submit look="primary">Look up</Submit>
          </div>
        </form>
      </div>
    </Layout>
  );
}
