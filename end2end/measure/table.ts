// What was wanted and what was seen, as a table.

/** One figure. */
export interface Figure {
  what: string;
  seen: string;
  /** In words; left out for what is only told. */
  wanted?: string;
  met?: boolean;
}

/** The figures side by side, those that are missed marked. */
export function table(title: string, figures: Figure[]): string {
  const rows = figures.map(({ what, seen, wanted, met }) => [what, seen, wanted ?? "", met === undefined ? "" : met ? "met" : "MISSED"]);
  const all = [["", "seen", "wanted", ""], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: string[]) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}`;
  const missed = figures.filter((figure) => figure.met === false).length;
  const verdict = missed === 0 ? "All that is wanted is met." : `${missed} of what is wanted ${missed === 1 ? "is" : "are"} missed.`;
  return `\n${title}\n\n${all.map(line).join("\n")}\n\n  ${verdict}\n`;
}

/** The value below which so much (0 to 1) of all lies, by nearest rank; NaN of none. */
export function quantile(values: number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? NaN;
}
