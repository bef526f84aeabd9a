// `npm run docs:stages -- NAME [FOLDER]`: writes the stages of a run (the newest, or of FOLDER, such as test-results/TIME) into docs/testing.md, between the marks of NAME.
import { readFileSync, writeFileSync } from 'node:fs';
import { readStages, withStages } from './saved-stages.js';

const FILE = 'docs/testing.md';
const [name, folder] = process.argv.slice(2);
if (name === undefined) throw new Error('expected the name of a table in docs/testing.md: cold or warm');
writeFileSync(FILE, withStages(readFileSync(FILE, 'utf8'), name, readStages(folder)));
