// Figures that a test measured, as a line of its output: CI keeps them, and a person sees how near the bound was.
export function tell(line: string): void {
  process.stderr.write(`      ${line}\n`);
}
