// The page about the gateway's answers shows the list that its fuzz is judged by.
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { ANSWERS_PAGE, withTable } from '../../api/gateway-fuzz/differences-table.js';

it('shows each known difference (npm run docs:answers)', () => {
  const page = readFileSync(ANSWERS_PAGE, 'utf8');
  expect(page).toBe(withTable(page));
});

it('needs its marks', () => expect(() => withTable('no marks')).toThrow('expected <!-- differences -->'));
