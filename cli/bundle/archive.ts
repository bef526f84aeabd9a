// A .tar.gz that is written file by file: only one of them is in memory at a time.
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';

export interface Archive {
  /** Resolves when there is room for the next one. */
  readonly add: (path: string, text: string) => Promise<void>;
  /** @returns the size of the file in bytes; only now it has its name */
  readonly close: () => Promise<number>;
  /** Leaves nothing behind. */
  readonly discard: () => Promise<void>;
}

/** @param at when the files inside were made */
export function createArchive(file: string, at: Date): Archive {
  const unfinished = `${file}.part`;
  const tar = pack();
  const written = pipeline(tar, createGzip(), createWriteStream(unfinished, { mode: 0o600 }));
  // Thrown at the next added file; until then it must not end the program.
  written.catch(() => undefined);
  const write = (path: string, text: string): Promise<void> => new Promise((resolve, reject) => {
    tar.entry({ name: path, mtime: at, mode: 0o600 }, text, (error) => { if (error) reject(error); else resolve(); });
  });
  return {
    add: async (path, text) => {
      try {
        // A disk that gets full while this file waits for room ends the wait.
        await Promise.race([write(path, text), written]);
      } catch (error) {
        // It may say no more than that it ended: the reason is with what wrote it.
        tar.destroy();
        await written;
        throw error;
      }
    },
    close: async () => {
      tar.finalize();
      await written;
      await rename(unfinished, file);
      return (await stat(file)).size;
    },
    discard: async () => {
      tar.destroy();
      await written.catch(() => undefined);
      await rm(unfinished, { force: true });
    },
  };
}
