// The table of docs/gateway-answers.md, out of the lists that the fuzz is judged by. `npm run docs:answers` writes it.
import { KNOWN_DIFFERENCES, type DifferenceRow } from './known-differences.js';
import { KNOWN_SCENES } from './known-scenes.js';

export const ANSWERS_PAGE = 'docs/gateway-answers.md';
const MARKS = /(<!-- differences -->\n)[^]*?(<!-- end of differences -->)/;

/** The page with the table as the lists have it. @throws for one without its marks */
export function withTable(page: string): string {
  if (!MARKS.test(page)) throw new Error(`expected <!-- differences --> and <!-- end of differences --> in ${ANSWERS_PAGE}, found neither or one`);
  return page.replace(MARKS, (_, begin: string, end: string) => `${begin}${table([...KNOWN_SCENES, ...KNOWN_DIFFERENCES])}\n${end}`);
}

function table(rows: readonly DifferenceRow[]): string {
  const cells = rows.map(({ sent, glitchtip, gateway, why }) => [sent, glitchtip, gateway, why]);
  return [['what is sent', 'GlitchTip 5.2', 'gateway', 'why'], ['---', '---', '---', '---'], ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
