// Files that are not what was written.
import { open } from 'node:fs/promises';

/** The lowest bit of the byte at this place is another. */
export async function flipBit(file: string, at: number): Promise<void> {
  const handle = await open(file, 'r+');
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
  await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at);
  await handle.close();
}
