// What is shown in place of a page.
import type { JSX } from "hono/jsx/jsx-runtime";
import { ButtonLink } from "./forms.tsx";
import { BareLayout, type Frame } from "./layout.tsx";
import { ROOT } from "./links.ts";

export type PageProblem = keyof typeof TEXTS;

const TEXTS = {
  not_operator: {
    status: 403,
    title: "You are not an operator",
    text: "You are signed in, but this console is for operators. In development a token needs the scope operator; in production Cloudflare Access has to let you in as one.",
  },
  foreign_form: {
    status: 403,
    title: "This form came from elsewhere",
    text: "Only the console's own pages may ask for this. Nothing has been done.",
  },
  not_found: {
    status: 404,
    title: "There is nothing here",
    text: "The run, the user or the page is not on record. Runs are kept for a while after their last event; those without a callback or a charge never are.",
  },
  bad_form: {
    status: 400,
    title: "This form cannot be read",
    text: "A field is missing or is not what it should be. Nothing has been done.",
  },
  unavailable: {
    status: 503,
    title: "A store does not answer",
    text: "The operators' index, or the gate of this user, does not answer at the moment. Runs, limits and callbacks do not depend on this page. The page of a user, and that user's runs, need only the gate. Try again in a minute.",
  },
} as const;

export function statusOfPage(problem: PageProblem): (typeof TEXTS)[PageProblem]["status"] {
  return TEXTS[problem].status;
}

type ProblemProps = {
  frame: Frame;
  problem: PageProblem;
  requestId: string;
  detail?: string | undefined;
};

export function ProblemPage({ frame, problem, requestId, detail }: ProblemProps): JSX.Element {
  const { status, title, text } = TEXTS[problem];
  return (
    <BareLayout title={title} frame={frame}>
      <section class="card">
        <p class="eyebrow">{status}</p>
        <h1>{title}</h1>
        {detail !== undefined && <p>{detail}</p>}
        <p>{text}</p>
        <p class="buttons">
          <ButtonLink href={ROOT}>To the overview</ButtonLink>
          {problem === "not_operator" && (
            <ButtonLink kind="quiet" href={`${ROOT}/sign-in`}>
              Sign in with another token
            </ButtonLink>
          )}
        </p>
        <p class="dim">
          Request <span class="mono wrap">{requestId}</span>
        </p>
      </section>
    </BareLayout>
  );
}
