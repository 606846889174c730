// The few marks that the document's descriptions use: paragraphs, fenced code, **strong**, _emphasis_ and `code`.
// Everything else is text, and hono escapes it.
import type { JSX } from "hono/jsx/jsx-runtime";

export function Markdown({ text }: { text: string }): JSX.Element {
  const blocks = text.split(/^```\w*\n([\s\S]*?)^```$/m);
  return (
    <div class="prose">
      {blocks.map((block, index) => (index % 2 === 1 ? <Code text={block} /> : <Paragraphs text={block} />))}
    </div>
  );
}

/** One line, or part of one. */
export function Inline({ text }: { text: string }): JSX.Element {
  const parts = text.split(/(`[^`]+`|\*\*[^*]+\*\*|\b_[^_]+_\b)/);
  return <>{parts.map((part) => inlinePart(part))}</>;
}

function Code({ text }: { text: string }): JSX.Element {
  return (
    <pre tabindex={0}>
      <code>{text.trimEnd()}</code>
    </pre>
  );
}

function Paragraphs({ text }: { text: string }): JSX.Element {
  const paragraphs = text.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== "");
  return <>{paragraphs.map((paragraph) => paragraphPart(paragraph.trim()))}</>;
}

function paragraphPart(text: string): JSX.Element {
  const [, heading] = /^\*\*([^*]+)\*\*$/.exec(text) ?? [];
  if (heading !== undefined) return <h4>{heading}</h4>;
  return (
    <p>
      <Inline text={text} />
    </p>
  );
}

function inlinePart(part: string): JSX.Element | string {
  const inner = part.slice(1, -1);
  if (/^`[^`]+`$/.test(part)) return <code>{inner}</code>;
  if (/^\*\*[^*]+\*\*$/.test(part)) return <strong>{part.slice(2, -2)}</strong>;
  return /^_[^_]+_$/.test(part) ? <em>{inner}</em> : part;
}
