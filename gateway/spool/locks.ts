/**
 * Locks that the kernel gives back when their holder is gone, however it went: a kill -9 frees them at once, and a process that is frozen keeps
 * its own. SQLite's file locks, which Node.js brings; a file's time stamp or a process id would be a guess.
 */
export interface Lock {
  release(): void;
}

/** Undefined while another process has it. It is held as long as the object is: one that nobody refers to is collected, and its file closed. @throws for everything else that is wrong */
export type TryLock = (path: string) => Lock | undefined;

/** Of node:sqlite (Node.js 22 and newer), as far as it is used: the types of Node.js 20, on which the CLI still runs, have it not. */
interface Sqlite {
  readonly DatabaseSync: new (path: string, options: { readonly timeout: number }) => { exec(sql: string): void; close(): void };
}

const SQLITE_BUSY = 5;

export const tryLock: TryLock = (path) => {
  // Not by an import, which Node.js 20 and Jest do not know; nor by a path of this file, which the bundle (CommonJS) has not.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite') as Sqlite;
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if ((error as { readonly errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
};
