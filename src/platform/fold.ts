// What a lax reader may take a name for: one that ignores case, reads compatible characters as one (Unicode, NFKC), ends at
// a NUL or skips what is not visible. Two readers of one message must not see different names in it.

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

export function foldSpelling(text: string): string {
  return text.normalize("NFKC").replace(INVISIBLE, "").toLowerCase();
}
