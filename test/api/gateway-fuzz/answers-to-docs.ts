// `npm run docs:answers`: writes the known differences into docs/gateway-answers.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { ANSWERS_PAGE, withTable } from './differences-table.js';

writeFileSync(ANSWERS_PAGE, withTable(readFileSync(ANSWERS_PAGE, 'utf8')));
