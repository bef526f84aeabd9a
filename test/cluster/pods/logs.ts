// Logs are bounded: what a container wrote is kept to three files.
import { expect, it } from '@jest/globals';
import { WRITTEN_BYTES, chatterboxLogs } from '../support/chatterbox.js';
import { printFigure } from '../support/fault-report.js';
import type { Stack } from '../support/stack.js';

const MEBIBYTE = 2 ** 20;

export function describeLogs(stack: Stack): void {
  it('a container that wrote 45 MB of log keeps three files of about 10 MB', async () => {
    const files = await chatterboxLogs(stack.cluster);
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    printFigure(files.map(({ name, bytes }) => `${name} ${(bytes / MEBIBYTE).toFixed(1)}Mi`).join(', '));
    expect(files).toHaveLength(3);
    expect(WRITTEN_BYTES).toBeGreaterThan(40 * MEBIBYTE);
    expect(total).toBeLessThan(35 * MEBIBYTE);
    // A rotated file is as long as the log was when the kubelet looked, every 10 s, unless it is compressed since.
    for (const { bytes } of files) expect(bytes).toBeLessThan(20 * MEBIBYTE);
  }, 300_000);
}
