// Valkey's append-only file is damaged as by a power cut, and as by a bad disk: a new pod repairs the one, and waits for a person with the other.
import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { APPEND_ONLY_FILE_CONTAINER } from '../../../operator/api/object-names.js';
import type { Alerts } from '../support/alerts.js';
import { processesOf } from '../support/out-of-memory.js';
import type { Stack } from '../support/stack.js';

/** Zeros behind what was written last: the file had grown, and its new blocks were not on disk. */
const POWER_CUT = 'truncate -s +4096 "$file"';
/** More than any one command is long. */
const BAD_BLOCK = 'dd if=/dev/zero of="$file" bs=8192 count=1 seek=$(($(wc -c < "$file") / 16384)) conv=notrunc status=none';

/** Stopped first: whatever a server writes on its way out would lie behind the damage. */
async function damageAndReplace(stack: Stack, damage: string): Promise<void> {
  const [main] = await processesOf(stack, 'valkey');
  if (main === undefined) throw new Error('Valkey does not run');
  await execa('kill', ['-STOP', String(main)]);
  await execa('sh', ['-euc', `file=$(ls -t /proc/${main}/root/data/appendonlydir/*.incr.aof | head -n 1); ${damage}`]);
  await stack.kubectl('delete', 'pod', 'valkey-0', '--grace-period=1');
}

function saidByRepair(stack: Stack): Promise<string> {
  return stack.kubectl('get', 'pod', 'valkey-0', '--output', `jsonpath={.status.initContainerStatuses[?(@.name=="${APPEND_ONLY_FILE_CONTAINER}")].state.terminated.message}`);
}

export function describeQueueFile(stack: Stack, alerts: () => Alerts): void {
  describe("Valkey's append-only file", () => {
    it('with zeros at its end, as after a power cut, is repaired by the new pod, and a person hears what was cut off', async () => {
      const started = Date.now();
      await damageAndReplace(stack, POWER_CUT);
      await stack.ready(240);
      expect(await saidByRepair(stack)).toMatch(/^cut off 4\d{3} bytes of the append-only file from byte \d+ on; kept in \/data\/cut-off$/m);
      await alerts().opened({ reason: 'QueueFileRepaired', part: 'valkey' }, started);
    }, 600_000);

    it('with damage in its middle waits for a person, who hears of it and has it cut off', async () => {
      const started = Date.now();
      await damageAndReplace(stack, BAD_BLOCK);
      await alerts().opened({ reason: 'QueueFileDamaged', part: 'valkey' }, started);
      expect(await stack.kubectl('logs', 'valkey-0', '--container', APPEND_ONLY_FILE_CONTAINER)).toContain('waits for /data/cut-off-damage');
      await stack.kubectl('exec', 'valkey-0', '--container', APPEND_ONLY_FILE_CONTAINER, '--', 'touch', '/data/cut-off-damage');
      await stack.ready(240);
      expect(await saidByRepair(stack)).toMatch(/^cut off \d+ bytes/m);
    }, 900_000);
  });
}
