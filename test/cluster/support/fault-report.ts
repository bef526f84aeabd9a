// Figures that a test measured, as a line of its output: CI keeps them, and a person sees how near the bound was.
export function printFigure(line: string): void {
  process.stderr.write(`      ${line}\n`);
}

