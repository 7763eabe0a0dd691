import type { ReactNode } from "react";
import * as css from "./live.module.css";

export interface FigureColumn<Row> {
  readonly key: string;
  readonly words: string;
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => ReactNode;
}

interface FigureTableProps<Row> {
  titleId: string;
  title: string;
  /** The first one names the row. */
  columns: readonly FigureColumn<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}

/** A table of figures. On a narrow screen it scrolls sideways, by the keyboard, too; the names of its rows stay in view. */
export function FigureTable<Row>({ titleId, title, columns, rows, keyOf }: FigureTableProps<Row>) {
  const [name, ...figures] = columns;
  return (
    <div className={css.scroller} role="group" aria-label={title} tabIndex={0}>
      <table className={css.table} aria-labelledby={titleId}>
        <thead>
          <tr>
            {columns.map(({ key, words, isNumber }) => (
              <th key={key} scope="col" data-number={isNumber}>
                {words}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              <th scope="row">{name?.cell(row)}</th>
              {figures.map(({ key, isNumber, cell }) => (
                <td key={key} data-number={isNumber}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
