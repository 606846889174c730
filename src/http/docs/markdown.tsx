// The few marks that the document's descriptions use: paragraphs, headings in **strong**, fenced code, _emphasis_ and
// `code`. Everything else is text, and hono escapes it.
import type { JSX } from "hono/jsx/jsx-runtime";

export function Markdown({ text }: { text: string }): JSX.Element {
  return <>{text.split(/\n{2,}/).map(formatBlock)}</>;
}

function formatBlock(text: string): JSX.Element {
  const [, code, heading] = /^```\w*\n([^]*)\n```$|^\*\*([^*]+)\*\*$/.exec(text) ?? [];
  if (code !== undefined) return <pre tabindex={0}>{code}</pre>;
  return heading === undefined ? <p>{formatLine(text)}</p> : <h4>{heading}</h4>;
}

/** One line, or part of one. */
export function formatLine(text: string): (JSX.Element | string)[] {
  return text.split(/(`[^`]+`|\b_[^_]+_\b)/).map((part, index) => {
    if (index % 2 === 0) return part;
    const inner = part.slice(1, -1);
    return part.startsWith("`") ? <code>{inner}</code> : <em>{inner}</em>;
  });
}
