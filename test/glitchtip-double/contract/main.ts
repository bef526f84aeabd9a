/**
 * `npm run contract -- --image IMAGE`: runs the contract against an image of GlitchTip, with a PostgreSQL and a Valkey of its own, and writes a record. Needs root
 * and Linux. IMAGE is pulled where a registry answers; else it must be one that there is a double of. Or it is the path of an oci-archive, NAME.tar, with --release.
 * First what nobody could settle without a running 6.2 (settle-checks.ts), then the rows of its release; their statuses and shapes are compared with those of the
 * double's record. Exit code 1 when something is not as it is believed.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { registryAnswers } from '../../../embedded/images/registry.js';
import { RELEASES, releaseOfImage, type Release } from '../../../operator/api/glitchtip-releases.js';
import { GlitchTipSix, SIX } from '../../api/glitchtip-six.js';
import { archiveOf } from '../../api/image-process.js';
import { lineOf, runContract } from './contract.js';
import { compareShapes, recordName, type ContractRecord } from './contract-record.js';
import { SETTLE_CHECKS } from './settle-checks.js';

const RECORDS = 'test/glitchtip-double/contract/records';
/** Which server the tests can start (test/api/glitchtip-six.ts). 5.2 has its own way: `contract.ts --url`. */
const STARTED: readonly Release[] = ['6.2'];

interface Options {
  readonly image: string;
  readonly release?: Release;
  readonly records: string;
}

async function main(): Promise<number> {
  const options = new Command('npm run contract --')
    .option('--image <image>', 'the image, or the path of an oci-archive (NAME.tar)', SIX)
    .addOption(new Option('--release <release>', 'of GlitchTip (default: what the tag says)').choices(RELEASES))
    .option('--records <folder>', 'where the record goes', RECORDS)
    .parse()
    .opts<Options>();
  const release = releaseToStart(options);
  process.env['GLITCHKEEPER_IMAGES'] ??= (await registryAnswers()) ? 'pull' : 'local';
  const { isDouble } = await archiveOf(options.image);
  const record = await runOn(options.image, release, isDouble);
  const file = join(options.records, recordName(record));
  const doubles = isDouble ? undefined : JSON.parse(await readFile(join(RECORDS, recordName({ ...record, isDouble: true })), 'utf8')) as ContractRecord;
  const differences = doubles === undefined ? [] : compareShapes(doubles, record);
  for (const line of differences) console.log(`not as the double: ${line}`);
  await mkdir(options.records, { recursive: true });
  await writeFile(file, `${JSON.stringify({ ...record, differences }, undefined, 2)}\n`);
  const wrong = [...record.settled, ...record.rows].filter(({ problems }) => problems.length > 0).length;
  console.log(`${record.settled.length + record.rows.length - wrong} of ${record.settled.length + record.rows.length} are as believed${isDouble ? ', of the double' : `, ${differences.length} differ from the double`}: ${file}`);
  return wrong + differences.length === 0 ? 0 : 1;
}

function releaseToStart({ image, release }: Options): Release {
  const said = release ?? releaseOfImage(image);
  const known = STARTED.find((each) => each === said);
  if (known === undefined) throw new Error(`--image: expected an image of GlitchTip ${STARTED.join(' or ')}, found ${image} (${said ?? 'a tag that says no release: --release does'})`);
  return known;
}

async function runOn(image: string, release: Release, isDouble: boolean): Promise<ContractRecord> {
  const server = await GlitchTipSix.start(image);
  try {
    await server.migrate();
    const settled = [];
    for (const { what, believed, ask } of SETTLE_CHECKS) {
      const found = await ask(server).catch((error: unknown) => `failed: ${String(error).slice(0, 500)}`);
      const isSo = typeof believed === 'string' ? found === believed : believed.test(found);
      settled.push({ name: what, found, problems: isSo ? [] : [`${typeof believed === 'string' ? believed : believed.source} expected, ${found} found`] });
      console.log(lineOf(settled.at(-1) ?? { name: what, problems: [] }));
    }
    const rows = await runRows(server, release);
    return { image, release, isDouble, at: new Date().toISOString(), settled, rows };
  } finally {
    await server.stop();
  }
}

/** They begin without a user, and so with a database and a queue of their own. */
async function runRows(server: GlitchTipSix, release: Release): Promise<ContractRecord['rows']> {
  await server.emptyDatabase();
  await server.run('./bin/run-migrate.sh');
  const env = { ENABLE_USER_REGISTRATION: 'False' };
  const [web, worker] = [await server.start('web', env), await server.start('worker', env)];
  try {
    const rows = await runContract(`http://localhost:${server.port}`, release);
    for (const row of rows) console.log(lineOf(row));
    return rows;
  } finally {
    await Promise.all([web.kill('SIGTERM'), worker.kill('SIGTERM')]);
  }
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
});
