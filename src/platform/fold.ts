// What a lax reader may take a name for: one that ignores case, reads compatible characters as one (Unicode, NFKC), ends at
// a NUL or skips what is not visible. Two readers of one message must not see different names in it.

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/** In lower case it keeps its dot as a character of its own; its dotless pair (U+0131) is a plain I in upper case. */
const CAPITAL_I_WITH_DOT = /\u0130/g;

export function foldSpelling(text: string): string {
  const plain = text.normalize("NFKC").replace(INVISIBLE, "").replace(CAPITAL_I_WITH_DOT, "I");
  return plain.toUpperCase().toLowerCase();
}

/**
 * The one of the known names (ASCII) that a lax reader may take this one for; null: there is none, or the name is known
 * itself. What is compatible with one ASCII character has two units at most, so a longer name is not folded: one character
 * may become 18, and a name as long as a body would fill the isolate.
 */
export function findTwin(name: string, known: readonly string[]): string | null {
  // Most names are as plain as those that are known.
  if (known.includes(name) || /^[a-z\d_]*$/.test(name)) return null;
  const maxUnits = 2 * Math.max(...known.map((each) => each.length));
  for (const read of new Set([name, name.split("\u0000", 1).join("")])) {
    const visible = read.replace(INVISIBLE, "");
    const folded = visible.length > maxUnits ? null : foldSpelling(visible);
    if (folded !== null && known.includes(folded)) return folded;
  }
  return null;
}
