// What runs and dead letters are narrowed to alike: the host of the callback, and how the last attempt failed.
import type { JSX } from "hono/jsx/jsx-runtime";
import { ABANDONED } from "../../gate/index-event.ts";
import type { AttemptFailure } from "../../runs/attempt.ts";
import { TextField } from "./forms.tsx";

const FAILURES: Record<AttemptFailure, true> = {
  "no connection": true,
  "no answer in time": true,
  "status is no 2xx": true,
  "redirect not followed": true,
  "answered before the end": true,
  "host stayed down": true,
  "destination refused": true,
  "result could not be read": true,
  "result changed between reads": true,
};

const REASONS = [...Object.keys(FAILURES), ...Object.values(ABANDONED)];

type FailureFieldsProps = Record<"host" | "reason" | "http_status", string>;

export function FailureFields({ host, reason, http_status: httpStatus }: FailureFieldsProps): JSX.Element {
  return (
    <>
      <TextField label="Host" name="host" value={host} spellcheck={false} />
      <TextField label="Reason" name="reason" value={reason} list="reasons" />
      <datalist id="reasons">
        {REASONS.map((each) => (
          <option value={each} />
        ))}
      </datalist>
      <TextField label="Status code, or none" name="http_status" value={httpStatus} />
    </>
  );
}
