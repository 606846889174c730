// A table of rows, described by its columns.
import type { Child, PropsWithChildren } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";

export type Column<Row> = {
  /** Its title; beside each of its cells on a phone. Empty over buttons and links, for which only a screen reader needs one. */
  title: Child;
  cell: (row: Row) => Child;
  /** The class of its cells; `number` stands at the right, its title too. */
  variant?: string;
  /** `row`: says what the row is. `plain`: needs no title beside it. */
  kind?: "row" | "plain";
  /** What a cell says in full where it may be cut off. */
  hint?: (row: Row) => string | null;
};

type TableProps<Row> = PropsWithChildren<{
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
}>;

/**
 * Scrolls in itself where it is wide, by keyboard too; on a phone its rows become cards. Its children are shown in its
 * place when there are no rows.
 */
export function Table<Row>({ label, rows, columns, children }: TableProps<Row>): JSX.Element {
  if (rows.length === 0 && children !== undefined) return <>{children}</>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table" aria-label={label} tabindex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title, variant }) => (
              <th scope="col" class={variant === "number" ? variant : undefined}>
                {title === "" ? <span class="visually-hidden">Actions</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {columns.map((column) => (
                <Cell row={row} column={column} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell<Row>({ row, column }: { row: Row; column: Column<Row> }): JSX.Element {
  const { title, cell, variant, kind, hint } = column;
  if (kind === "row") {
    return (
      <th scope="row" class={variant}>
        {cell(row)}
      </th>
    );
  }
  const label = kind === undefined && typeof title === "string" ? title : undefined;
  return (
    <td data-label={label} class={variant} title={hint?.(row) ?? undefined}>
      {cell(row)}
    </td>
  );
}
