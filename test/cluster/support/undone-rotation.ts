// What has a rotation undone on real pods: somebody who stays on the old login, and the time of a phase.
import { execa } from 'execa';
import { DATABASE, SECRETS } from '../../../charts/part-names.js';
import type { Stack } from './stack.js';
import { glitchTip } from './requested-rotations.js';
import { waitFor, when } from './wait.js';

/** Longer than any phase may last. */
const PHASE_MS = 11 * 60_000;

/** A session on the login that the application has now, from no pod of ours. */
export async function holdSession(stack: Stack): Promise<{ readonly end: () => Promise<void> }> {
  const [user, password] = [await stack.secret(SECRETS.application, 'DATABASE_USER'), await stack.secret(SECRETS.application, 'DATABASE_PASSWORD')];
  // The password from a file, over TCP, as in logins.ts: neither an argument nor an environment may hold it.
  const script = `umask 077; file=$(mktemp); trap 'rm "$file"' EXIT; cat > "$file"; PGPASSFILE="$file" psql -w -h 127.0.0.1 -U ${user} -d ${DATABASE.name} -Atc 'SELECT pg_sleep(900)'`;
  const { container } = await stack.pod('postgres');
  const { binaries, kubeconfigPath } = stack.cluster;
  const held = execa(binaries.kubectl, ['--kubeconfig', kubeconfigPath, '--namespace', stack.namespace, 'exec', '-i', container.pod, '-c', container.container, '--', 'sh', '-c', script], {
    input: `127.0.0.1:*:*:${user}:${password}\n`, reject: false,
  });
  return {
    end: async () => {
      await stack.exec('postgres', ['psql', '-U', 'glitchkeeper', '-d', DATABASE.name, '-Atc', `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${user}' AND query LIKE '%pg_sleep(900)%'`]);
      await held;
    },
  };
}

/** Resolves when the phase, which waits for what its message says, has lasted too long: its beginning is set back in the journal. */
export async function letPhasePass(stack: Stack, waitsFor: string): Promise<void> {
  await waitFor<true>({ what: `the rotation to wait for "${waitsFor}"`, seconds: 120 }, async () => {
    const message = (await glitchTip(stack)).rotation?.current?.message ?? '';
    return when(message.includes(waitsFor), message);
  });
  await waitFor<true>({ what: 'the phase to have begun earlier', seconds: 30 }, async () => {
    const secret = JSON.parse(await stack.kubectl('get', 'secret', SECRETS.rotation, '--output', 'json')) as { data: Record<string, string> };
    const journal = JSON.parse(Buffer.from(secret.data['record'] ?? '', 'base64').toString('utf8')) as { rotation: { since: string } };
    const since = new Date(Date.parse(journal.rotation.since) - PHASE_MS).toISOString();
    const record = JSON.stringify({ ...journal, rotation: { ...journal.rotation, since } });
    // Refused when the operator wrote it since.
    await stack.cluster.kubectl(['replace', '-f', '-'], JSON.stringify({ ...secret, data: { ...secret.data, record: Buffer.from(record).toString('base64') } }));
    return { found: true };
  });
}
