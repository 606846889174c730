/** A table of short cases, with blanks or line breaks between them; a backslash stands for itself. */
export function words(text: TemplateStringsArray, ...values: (string | number)[]): string[] {
  return String.raw(text, ...values)
    .trim()
    .split(/\s+/);
}
