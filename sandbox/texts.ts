// Long texts in SQLite: a row may hold 2 MB and a request more, so a text is kept as numbered pieces of its bytes.

const PIECE_BYTES = 1_000_000;

export class Texts {
  constructor(readonly sql: SqlStorage) {
    sql.exec(`CREATE TABLE IF NOT EXISTS texts (
      owner TEXT NOT NULL, name TEXT NOT NULL, piece INTEGER NOT NULL, bytes BLOB NOT NULL,
      PRIMARY KEY (owner, name, piece)
    ) WITHOUT ROWID`);
  }

  put(owner: string, name: string, text: string): void {
    this.sql.exec("DELETE FROM texts WHERE owner = ? AND name = ?", owner, name);
    const bytes = new TextEncoder().encode(text);
    for (let piece = 0; piece * PIECE_BYTES < bytes.length; piece += 1) {
      const part = bytes.slice(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES);
      this.sql.exec("INSERT INTO texts VALUES (?, ?, ?, ?)", owner, name, piece, part.buffer);
    }
  }

  /** Empty when there is none. */
  get(owner: string, name: string): string {
    const rows = this.sql.exec<{ bytes: ArrayBuffer }>(
      "SELECT bytes FROM texts WHERE owner = ? AND name = ? ORDER BY piece",
      owner,
      name,
    );
    const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
    let text = "";
    for (const { bytes } of rows) text += decoder.decode(bytes, { stream: true });
    return text + decoder.decode();
  }

  deleteAll(owner: string): void {
    this.sql.exec("DELETE FROM texts WHERE owner = ?", owner);
  }
}
