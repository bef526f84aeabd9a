// What Valkey has on its disk, with the real server of the image: the repair of its append-only file, and users that could not be saved.
import { execFile } from 'node:child_process';
import { chmod, chown, copyFile, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildUsersFile } from '../../operator/core/credentials/generated-secrets.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { nodeCrypto } from '../../operator/io/crypto.js';
import { observeValkey, setValkeyPasswords } from '../../operator/io/valkey/valkey-client.js';
import { freePort, START_MS } from './control-plane.js';
import { prepareProcess, unpackImage } from './image-process.js';
import { startValkey, VALKEY_IMAGE, VALKEY_USER, type ValkeyServer } from './valkey-server.js';

const run = promisify(execFile);
const OPERATOR = { user: 'glitchkeeper', password: 'valkey' };
const SCRIPT = 'append-only-file.sh';
const never = new AbortController().signal;
const hashOf = (password: string) => nodeCrypto.sha256(new Sensitive(password));

let valkey: ValkeyServer;
let port: number;
const ask = (...words: string[]) => valkey.command(OPERATOR, ...words);

beforeEach(async () => {
  port = await freePort();
  valkey = await startValkey(port, buildUsersFile({ application: [hashOf('valkey')], operator: [hashOf('valkey')] }).reveal(), ['--appendonly', 'yes']);
}, START_MS);
afterEach(async () => {
  await valkey.stop();
});

describe('the append-only file', () => {
  const file = () => join(valkey.folder, 'appendonlydir', 'appendonly.aof.1.incr.aof');
  const report = () => readFile(join(valkey.folder, 'report'), 'utf8').catch(() => '');

  /** The init container's program, in the image; ended after ten seconds, for it may wait for a person. */
  const repair = async (before: () => Promise<unknown> = () => Promise.resolve()): Promise<void> => {
    await copyFile(join('charts', 'runtime', SCRIPT), join(valkey.folder, SCRIPT));
    const command = ['sh', '-c', `TERMINATION_LOG=/data/report exec timeout 10 sh /data/${SCRIPT}`];
    const program = prepareProcess({ image: await unpackImage(VALKEY_IMAGE), user: VALKEY_USER, command }, { '/data': valkey.folder });
    program.start();
    await before();
    while (!program.ended) await sleep(50);
    await program.kill();
  };
  /** Fifty tasks, and a transaction as Celery's worker makes them. */
  const fill = async (): Promise<Buffer> => {
    for (let task = 0; task < 50; task += 1) await ask('RPUSH', 'celery', `${task} ${'x'.repeat(500)}`);
    await ask('EVAL', "redis.call('RPUSH', 'taken', 'a'); redis.call('RPUSH', 'taken', 'b')", '0');
    await sleep(1_200);
    return readFile(file());
  };
  const damaged = async (text: Buffer, ...parts: readonly Buffer[]): Promise<void> => {
    await writeFile(file(), Buffer.concat([text, ...parts]));
    await chown(file(), VALKEY_USER.uid, VALKEY_USER.gid);
  };
  const zeros = (bytes: number) => Buffer.alloc(bytes);

  it('that is whole is left alone', async () => {
    const whole = await fill();
    await valkey.restart(undefined, () => repair());
    expect(await readFile(file())).toEqual(whole);
    expect(await report()).toBe('');
  }, START_MS);

  const transactionAt = (whole: Buffer) => whole.indexOf('*1\r\n$5\r\nMULTI');
  it.each<[string, (whole: Buffer) => readonly Buffer[], tasks: number, taken: number]>([
    ['zeros behind the last command', (whole) => [whole, zeros(4_096)], 50, 2],
    ['half a command, and zeros', (whole) => [whole.subarray(0, transactionAt(whole) - 300), zeros(4_096)], 49, 0],
    ['a command whose end is zeros', (whole) => [whole.subarray(0, transactionAt(whole) - 300), zeros(300)], 49, 0],
    ['half a transaction', (whole) => [whole.subarray(0, whole.lastIndexOf('RPUSH') + 3)], 50, 0],
    ['half a transaction, and zeros', (whole) => [whole.subarray(0, whole.lastIndexOf('RPUSH') + 3), zeros(9_000)], 50, 0],
  ])('with %s is repaired, told, and keeps what is written from then on', async (_, damage, tasks, taken) => {
    const parts = damage(await fill());
    await valkey.restart(undefined, async () => {
      await damaged(Buffer.alloc(0), ...parts);
      await repair();
    });
    expect([await ask('LLEN', 'celery'), await ask('LLEN', 'taken')]).toEqual([tasks, taken]);
    const [kept = ''] = await readdir(join(valkey.folder, 'cut-off'));
    const { size } = await stat(join(valkey.folder, 'cut-off', kept));
    const at = Number(kept.replace('appendonly.aof.1.incr.aof.from-byte-', ''));
    expect(await report()).toBe(`cut off ${size} bytes of the append-only file from byte ${at} on; kept in /data/cut-off\n`);
    expect(Buffer.concat([(await readFile(file())).subarray(0, at), await readFile(join(valkey.folder, 'cut-off', kept))])).toEqual(Buffer.concat([...parts]));

    await ask('RPUSH', 'later', 'accepted');
    await sleep(1_200);
    await valkey.restart(undefined, () => repair());
    expect(await ask('LLEN', 'later')).toBe(1);
  }, START_MS);

  it('with damage and whole commands behind it waits for a person, who may have it cut off', async () => {
    const whole = await fill();
    const middle = whole.indexOf('$6\r\ncelery', whole.length / 2);
    await valkey.restart(undefined, async () => {
      await damaged(whole.subarray(0, middle), zeros(600), whole.subarray(middle + 600));
      await repair();
      expect(await report()).toMatch(/^damaged at byte \d+ of \d+, with whole commands behind it: waits for \/data\/cut-off-damage\n$/);
      expect((await stat(file())).size).toBe(whole.length);

      await repair(async () => {
        await sleep(1_000);
        await run('touch', [join(valkey.folder, 'cut-off-damage')]);
      });
      expect(await report()).toMatch(/^cut off \d+ bytes of the append-only file from byte \d+ on; kept in \/data\/cut-off\n$/);
      expect(await readdir(valkey.folder)).not.toContain('cut-off-damage');
    });
    const left = Number(await ask('LLEN', 'celery'));
    expect(left).toBeGreaterThan(10);
    expect(left).toBeLessThan(40);
  }, START_MS);
});

describe('users whose file cannot be written', () => {
  const wanted = { application: [hashOf('new')], operator: [hashOf('new')] };
  const address = () => ({ host: '127.0.0.1', port });
  const own = [new Sensitive('new'), new Sensitive('valkey')];
  const observed = () => observeValkey(address(), own, never);

  it('do not count as changed, and are saved when there is room again', async () => {
    await chown(valkey.folder, 0, 0);
    await chmod(valkey.folder, 0o555);
    await expect(setValkeyPasswords(address(), own, wanted, never)).rejects.toThrow('ERR There was an error trying to save the ACLs');
    expect(await observed()).not.toEqual({ kind: 'observed', passwords: wanted });

    await chmod(valkey.folder, 0o755);
    await chown(valkey.folder, VALKEY_USER.uid, VALKEY_USER.gid);
    await setValkeyPasswords(address(), own, wanted, never);
    expect(await observed()).toEqual({ kind: 'observed', passwords: wanted });
    await valkey.restart();
    expect([await valkey.accepts('default', 'new'), await valkey.accepts('default', 'valkey')]).toEqual([true, false]);
    expect(await observed()).toEqual({ kind: 'observed', passwords: wanted });
  }, START_MS);
});
