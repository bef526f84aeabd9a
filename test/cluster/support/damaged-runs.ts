// What makes a backup on pods a damaged one: another text of one of its scripts, or another database for it to dump.
import { CONFIG_MAPS } from '../../../charts/part-names.js';
import type { Stack } from './stack.js';
import { sql } from './stored-events.js';

/** Beside the live one, on the same server. */
export const DAMAGED_DATABASE = 'damaged';

/** Of a script of backup/postgres: a line of it, and what is in its place for the Jobs that begin meanwhile. */
export interface ScriptChange {
  readonly script: 'dump.sh' | 'restore.sh';
  readonly line: string;
  readonly by: string;
}

/** @throws when the script has no such line */
export async function withScript<T>(stack: Stack, { script, line, by }: ScriptChange, act: () => Promise<T>): Promise<T> {
  const { data } = JSON.parse(await stack.kubectl('get', 'configmap', CONFIG_MAPS.backupScripts, '--output', 'json')) as { data: Record<string, string> };
  const text = data[script] ?? '';
  if (!text.includes(line)) throw new Error(`${script} has no line ${JSON.stringify(line)} to change`);
  const write = (changed: string) => stack.kubectl('patch', 'configmap', CONFIG_MAPS.backupScripts, '--type', 'merge', '--patch', JSON.stringify({ data: { [script]: changed } }));
  await write(text.replace(line, () => by));
  try {
    return await act();
  } finally {
    await write(text);
  }
}

/** A change of the dump between the moment in which it was written and the one in which it is looked at. @param damage lines of bash; `file` is it, `size` its bytes, `flip AT` another bit of a byte */
export function damagedFile(damage: string): ScriptChange {
  const line = 'run hash check_hash\n';
  const by = `file=$WORK/database.dump size=$(wc -c <"$WORK/database.dump")
flip() {
  local byte
  byte=$(head -c $(($1 + 1)) "$file" | tail -c 1 | od -An -tu1)
  printf "\\\\$(printf %03o $((byte ^ 1)))" | dd of="$file" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
${damage}
${line}`;
  return { script: 'restore.sh', line, by };
}

/** pg_dump with more options than it should have. */
export function dumpWith(options: string): ScriptChange {
  return { script: 'dump.sh', line: 'pg_dump -Fc', by: `pg_dump ${options} -Fc` };
}

/** Time of a run that finds the partition of the next day, which is made ahead. Milliseconds. */
const NEXT_DAY = 86_400_000;

/** A copy that is as good as of a day before: today's partition is not in it, and its run asks for that of another day. @param partition that of today */
export function withoutToday<T>(stack: Stack, partition: string, act: () => Promise<T>): Promise<T> {
  const [hashed, looked] = ['run fingerprint fingerprint\n', 'run hash check_hash\n'];
  const changes: readonly ScriptChange[] = [
    dumpWith(`--exclude-table=${partition}`),
    { script: 'dump.sh', line: hashed, by: `sed -i '/"public\\.${partition}"/d' "$WORK/dumped.facts"\n${hashed}` },
    { script: 'restore.sh', line: looked, by: `AT=${new Date(Date.now() + NEXT_DAY).toISOString()}\n${looked}` },
  ];
  return changes.reduce<() => Promise<T>>((inner, change) => () => withScript(stack, change, inner), act)();
}

/** The run reads {@link DAMAGED_DATABASE} in place of the live one. */
export const OTHER_DATABASE: ScriptChange = { script: 'dump.sh', line: '\nbegin\n', by: `\nexport PGDATABASE=${DAMAGED_DATABASE}\nbegin\n` };

/** Makes that database. @param from `live`: with everything that the live one has; `nothing`: empty. @param statements SQL, run in it */
export async function makeDamagedDatabase(stack: Stack, from: 'live' | 'nothing', statements: readonly string[]): Promise<void> {
  await dropDamagedDatabase(stack);
  await sql(stack, `CREATE DATABASE ${DAMAGED_DATABASE} OWNER glitchtip TEMPLATE template0`);
  const psql = `psql -XqU glitchkeeper -d ${DAMAGED_DATABASE} -v ON_ERROR_STOP=1`;
  if (from === 'live') await stack.exec('postgres', ['bash', '-o', 'pipefail', '-c', `pg_dump -U glitchkeeper glitchtip | ${psql} >/dev/null`]);
  if (statements.length > 0) await stack.exec('postgres', ['bash', '-c', psql], statements.map((statement) => `${statement};\n`).join(''));
}

export async function dropDamagedDatabase(stack: Stack): Promise<void> {
  await sql(stack, `DROP DATABASE IF EXISTS ${DAMAGED_DATABASE} WITH (FORCE)`);
}
