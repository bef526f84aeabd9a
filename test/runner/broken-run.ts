// What a program of runs does with an error that nobody expected: it leaves nothing behind, and has a last line like any other.
export interface Ports {
  readonly print: (line: string) => void;
  readonly exit: (code: number) => void;
}

const PROCESS: Ports = { print: (line) => console.log(line), exit: (code) => process.exit(code) };

/** Listener of "uncaughtException" that closes what there is by then. Meanwhile others (of a terminal that is gone) change nothing. */
export function brokenBy(close: () => Promise<void> | undefined, { print, exit }: Ports = PROCESS): (error: unknown) => void {
  let broken = false;
  const end = async (): Promise<void> => {
    await close()?.catch((failure: unknown) => print(describeError(failure)));
    print('0 passed, 1 failed');
    exit(1);
  };
  return (error) => {
    print(describeError(error));
    if (!broken) void end();
    broken = true;
  };
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
