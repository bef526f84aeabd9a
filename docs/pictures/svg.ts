// A terminal's text with its colours as a picture: the few codes that the CLI writes, and nothing else.

/** Pixels. */
const CELL = { width: 8.4, height: 17 };
const FONT_SIZE = 14;
const MARGIN = 18;
const BAR = 34;

const COLOURS = { text: '#d6deeb', background: '#101722', bar: '#1b2433', green: '#7bd88f', yellow: '#f5c86b', red: '#ff7a85', dim: '#6f7d94' } as const;

/** How a run of characters looks. */
interface Style {
  readonly colour: string;
  readonly bold: boolean;
}

const PLAIN: Style = { colour: COLOURS.text, bold: false };

/** What each code of "Select Graphic Rendition" changes. */
const CODES: Readonly<Record<string, Partial<Style>>> = {
  0: PLAIN, 1: { bold: true }, 2: { colour: COLOURS.dim }, 22: PLAIN, 31: { colour: COLOURS.red }, 32: { colour: COLOURS.green }, 33: { colour: COLOURS.yellow }, 39: { colour: COLOURS.text },
};

interface Run {
  readonly text: string;
  readonly style: Style;
  /** Column of its first character. */
  readonly at: number;
}

/** @param title what stands in the window's bar: the command */
export function drawTerminal(title: string, text: string): string {
  const lines = text.split('\n').map(runsOf);
  const columns = Math.max(...lines.map((runs) => runs.reduce((width, { at, text: part }) => Math.max(width, at + part.length), 0)), 60);
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = Math.ceil(lines.length * CELL.height + BAR + 2 * MARGIN);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${width}" height="${height}" rx="10" fill="${COLOURS.background}"/>`,
    `<path d="M0 ${BAR}V10Q0 0 10 0H${width - 10}Q${width} 0 ${width} 10V${BAR}Z" fill="${COLOURS.bar}"/>`,
    ...[COLOURS.red, COLOURS.yellow, COLOURS.green].map((colour, index) => `<circle cx="${20 + index * 20}" cy="${BAR / 2}" r="6" fill="${colour}"/>`),
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${FONT_SIZE}" xml:space="preserve">`,
    `<text x="${width / 2}" y="${BAR / 2 + 5}" text-anchor="middle" fill="${COLOURS.dim}">${escaped(title)}</text>`,
    ...lines.flatMap((runs, row) => runs.map((run) => drawRun(run, BAR + MARGIN + row * CELL.height + FONT_SIZE))),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** Each run has its place and its length: columns stay columns whatever font the reader has. */
function drawRun({ text, style, at }: Run, y: number): string {
  const shown = text.trimEnd();
  if (shown.trim() === '') return '';
  const indent = shown.length - shown.trimStart().length;
  const letters = shown.trimStart().length;
  const x = (MARGIN + (at + indent) * CELL.width).toFixed(1);
  const weight = style.bold ? ' font-weight="bold"' : '';
  return `<text x="${x}" y="${y}" fill="${style.colour}"${weight} textLength="${(letters * CELL.width).toFixed(1)}" lengthAdjust="spacingAndGlyphs">${escaped(shown.trimStart())}</text>`;
}

function runsOf(line: string): Run[] {
  const runs: Run[] = [];
  let style = PLAIN;
  let at = 0;
  for (const [index, piece] of line.split(ESCAPES).entries()) {
    // Every second piece is a code.
    if (index % 2 === 1) style = { ...style, ...CODES[piece] };
    else if (piece !== '') {
      runs.push({ text: piece, style, at });
      at += piece.length;
    }
  }
  return runs;
}

// eslint-disable-next-line no-control-regex -- the escape character is what is looked for
const ESCAPES = /\x1b\[(\d*)m/;

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
