// What forms are made of, and what looks like it.
import type { PropsWithChildren } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import { MAX_DISMISSAL_CHARS } from "../../contract/search-values.ts";
import { formatTime, parseDateTime } from "../../platform/date-time.ts";
import { Notice } from "./components.tsx";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What is wrong with a form, above it. */
export function Fault({ text }: { text: string | null }): JSX.Element | null {
  return text === null ? null : <Notice tone="bad">{text}</Notice>;
}

type ButtonProps = PropsWithChildren<{ kind?: "primary" | "danger" | undefined }> &
  JSX.IntrinsicElements["button"];

/** Sends the form that it stands in. */
export function Submit({ kind, children, ...rest }: ButtonProps): JSX.Element {
  return (
    <button class={kind === undefined ? "button" : `button ${kind}`} type="submit" {...rest}>
      {children}
    </button>
  );
}

type ButtonLinkProps = PropsWithChildren<{ href: string; kind?: "primary" | "quiet" }>;

/** A link that looks like a button. */
export function ButtonLink({ href, kind, children }: ButtonLinkProps): JSX.Element {
  return (
    <a class={kind === undefined ? "button" : `button ${kind}`} href={href}>
      {children}
    </a>
  );
}

type PostProps = {
  to: string;
  fields?: Record<string, string>;
  label: string;
  /** Where several buttons of a page have the same label. */
  accessibleName?: string;
  kind?: "primary" | "danger";
};

/** A form of one button. */
export function Post({ to, fields = {}, label, accessibleName, kind }: PostProps): JSX.Element {
  return (
    <form method="post" action={to}>
      <Hidden fields={fields} />
      <Submit kind={kind} aria-label={accessibleName}>
        {label}
      </Submit>
    </form>
  );
}

export function Hidden({ fields }: { fields: Record<string, string> }): JSX.Element {
  return (
    <>
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
    </>
  );
}

type FieldProps = PropsWithChildren<{ label: string; hint?: string | undefined }>;

/** A control under its label. */
export function Field({ label, hint, children }: FieldProps): JSX.Element {
  return (
    <label>
      <span>{label}</span>
      {children}
      {hint !== undefined && <span>{hint}</span>}
    </label>
  );
}

type TextFieldProps = { label: string; hint?: string } & JSX.IntrinsicElements["input"];

export function TextField({ label, hint, ...input }: TextFieldProps): JSX.Element {
  return (
    <Field label={label} hint={hint}>
      <input autocomplete="off" {...input} />
    </Field>
  );
}

/** Why operators dismiss a dead letter, in their words. */
export function DismissalField({ required }: { required?: boolean }): JSX.Element {
  return (
    <TextField label="Why" name="dismissal" value="" maxlength={MAX_DISMISSAL_CHARS} required={required} />
  );
}

type TimeFieldProps = Record<"label" | "name" | "value", string> & { isRequired?: boolean };

export function TimeField({ label, name, value, isRequired }: TimeFieldProps): JSX.Element {
  const ms = parseDateTime(value);
  return (
    <Field label={label}>
      {/* The control would drop a time with a zone, and the form then ask for any time. */}
      <input
        name={name}
        type="datetime-local"
        value={ms === null ? value : formatTime(ms).slice(0, -1)}
        required={isRequired}
      />
    </Field>
  );
}

/** A moment ahead: an hour from now, to be changed. */
export function UntilField({ maxDays, nowMs }: { maxDays: number; nowMs: number }): JSX.Element {
  const wholeMinuteMs = Math.ceil((nowMs + HOUR_MS) / MINUTE_MS) * MINUTE_MS;
  const label = `Until (UTC), ${maxDays} days ahead at most`;
  return <TimeField label={label} name="until" value={formatTime(wholeMinuteMs)} isRequired />;
}

type SelectFieldProps = TimeFieldProps & { options: readonly string[] };

/** One of a few; or any, where none is required. */
export function SelectField({ label, name, value, options, isRequired }: SelectFieldProps): JSX.Element {
  return (
    <Field label={label}>
      <select name={name}>
        {isRequired !== true && <option value="">Any</option>}
        {options.map((option) => (
          <option value={option} selected={option === value}>
            {option}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** A button that asks once more before it does something that cannot be taken back; needs no script. */
export function Confirm({ label, children }: PropsWithChildren<{ label: string }>): JSX.Element {
  return (
    <details class="confirm">
      <summary class="button">{label}</summary>
      <div class="confirm-box">{children}</div>
    </details>
  );
}
