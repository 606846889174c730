import type { JSX } from "hono/jsx/jsx-runtime";
import { MAX_CONTROL_DAYS, MAX_CONTROL_LIMIT } from "../../contract/search-values.ts";
import type { UserView } from "../../operators/views.ts";
import { Card, Notice } from "../shell/components.tsx";
import { count, dateTime, whenDue } from "../shell/format.ts";
import { Confirm, Post, Submit, TextField, UntilField } from "../shell/forms.tsx";
import { userAt } from "../shell/links.ts";

type ControlsProps = { user: string; control: UserView["control"]; nowMs: number };

/** What operators have set for a user, and the forms that set or lift it. */
export function Controls({ user, control, nowMs }: ControlsProps): JSX.Element {
  return (
    <Card title="Block or limit" note="until a moment, in the place of what the token says">
      <InForce user={user} control={control} nowMs={nowMs} />
      <div class="buttons">
        <Confirm label="Block this user…">
          <p>
            Starts and redeliveries are answered 403 until then. Reads and other requests go on, and so do the
            runs that were started before.
          </p>
          <form method="post" action={`${userAt(user)}/block`}>
            <UntilField maxDays={MAX_CONTROL_DAYS} nowMs={nowMs} />
            <Submit kind="danger">Block now</Submit>
          </form>
        </Confirm>
        <Confirm label="Set a limit…">
          <p>It holds whatever the user's token says, and also while the flag of the rate limit is off.</p>
          <form method="post" action={`${userAt(user)}/limit`}>
            <TextField
              label="Starts in a window"
              name="limit"
              type="number"
              min="1"
              max={String(MAX_CONTROL_LIMIT)}
              required
            />
            <UntilField maxDays={MAX_CONTROL_DAYS} nowMs={nowMs} />
            <Submit kind="danger">Set this limit</Submit>
          </form>
        </Confirm>
      </div>
    </Card>
  );
}

function InForce({ user, control, nowMs }: ControlsProps): JSX.Element | null {
  if (control === null) return null;
  const { limit, until, set_by: by, set_at: at } = control;
  const what = limit === null ? "Starts of this user are blocked" : `The limit is ${count(limit)} starts`;
  return (
    <>
      <Notice tone="warn">
        {`${what} until ${dateTime(until)} (${whenDue(until, nowMs)}). Set by ${by} at ${dateTime(at)}.`}
      </Notice>
      <Post to={`${userAt(user)}/lift`} label={limit === null ? "Lift the block" : "Lift the limit"} />
    </>
  );
}
