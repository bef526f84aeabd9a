// `npm run release:check`: refuses while a part of the soak was not run, and well, on what is to be released.
import { checkRelease } from './release.js';
import { SOAK_PARTS } from './parts.js';
import { readRecords } from './record.js';

async function main(): Promise<void> {
  const { problems, warnings } = await checkRelease(process.cwd(), SOAK_PARTS.map(({ name }) => name), readRecords());
  for (const warning of warnings) console.error(`warning: ${warning}`);
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? `each part of the soak has a record of this: ${SOAK_PARTS.map(({ name }) => name).join(', ')}` : 'not to be released');
  process.exitCode = problems.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
