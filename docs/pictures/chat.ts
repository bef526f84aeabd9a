// Messages as a chat shows them: a bubble each, the title in bold, labels in bold, the line that names the incident dim.
import type { Message } from '../../operator/core/alerts/message-texts.js';
import { escaped } from './svg.js';

/** Pixels. */
const WIDTH = 640;
const MARGIN = 20;
const PADDING = 16;
const LINE = 20;
const GAP = 8;
/** Characters that fit into a bubble, whatever sans-serif font the reader has. */
const COLUMNS = 72;

const COLOURS = { background: '#0e1621', bubble: '#182533', text: '#e4ecf5', dim: '#7d8b9c' } as const;

interface Line {
  readonly text: string;
  /** Written in bold before the text. */
  readonly label?: string;
  readonly style: 'title' | 'text' | 'last';
  /** It begins a paragraph. */
  readonly first: boolean;
}

export function drawChat(title: string, messages: readonly Message[]): string {
  const bubbles = messages.map((message) => linesOf(message));
  const parts: string[] = [];
  let y = MARGIN;
  for (const lines of bubbles) {
    const height = 2 * PADDING + lines.length * LINE + lines.filter(({ first }, index) => first && index > 0).length * GAP;
    parts.push(`<rect x="${MARGIN}" y="${y}" width="${WIDTH - 2 * MARGIN}" height="${height}" rx="14" fill="${COLOURS.bubble}"/>`, ...drawLines(lines, y + PADDING));
    y += height + MARGIN;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${WIDTH}" height="${y}" rx="10" fill="${COLOURS.background}"/>`,
    `<g font-family="system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif" font-size="14">`,
    ...parts,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function linesOf({ title, paragraphs }: Message): Line[] {
  const texts = paragraphs.map(({ label, text }, index) => wrapped({ text: text.replaceAll('`', ''), label, style: index === paragraphs.length - 1 ? 'last' : 'text' }));
  return [...wrapped({ text: title, style: 'title' }), ...texts.flat()];
}

function wrapped({ text, label, style }: { readonly text: string; readonly label?: string; readonly style: Line['style'] }): Line[] {
  const rows = [''];
  let room = COLUMNS - (label === undefined ? 0 : label.length + 2);
  for (const word of text.split(' ')) {
    const row = rows.at(-1) ?? '';
    if (row !== '' && row.length + 1 + word.length > room) {
      rows.push(word);
      room = COLUMNS;
    } else rows[rows.length - 1] = row === '' ? word : `${row} ${word}`;
  }
  return rows.map((row, index) => ({ text: row, label: index === 0 ? label : undefined, style, first: index === 0 }));
}

function drawLines(lines: readonly Line[], top: number): string[] {
  let y = top;
  return lines.map(({ text, label, style, first }, index) => {
    y += LINE + (first && index > 0 ? GAP : 0);
    const bold = label === undefined ? '' : `<tspan font-weight="bold">${escaped(label)}:</tspan> `;
    const weight = style === 'title' ? ' font-weight="bold"' : '';
    return `<text x="${MARGIN + PADDING}" y="${y - 5}" fill="${style === 'last' ? COLOURS.dim : COLOURS.text}"${weight}>${bold}${escaped(text)}</text>`;
  });
}
