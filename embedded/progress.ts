/** Progress as plain lines with the elapsed seconds: readable in a terminal and in a log. */

export interface Progress {
  /** Writes one line. */
  readonly say: (text: string) => void;
  /** Runs a step, saying when it began and how long it took; steps shorter than a second are one line. */
  readonly step: <T>(title: string, work: () => Promise<T>) => Promise<T>;
  /** Seconds since the beginning. */
  readonly elapsed: () => number;
}

/** How long a silent step runs before it says that it is still running. */
const reminderMs = 15_000;

/** Builds the progress writer; `now` is in milliseconds. */
export function buildProgress(log: (line: string) => void, now: () => number): Progress {
  const began = now();
  const elapsed = (): number => (now() - began) / 1000;
  const say = (text: string): void => log(`${elapsed().toFixed(1).padStart(6)}s  ${text}`);
  const step = async <T>(title: string, work: () => Promise<T>): Promise<T> => {
    const stepBegan = now();
    const seconds = (): string => `${((now() - stepBegan) / 1000).toFixed(1)} s`;
    const reminder = setInterval(() => say(`... ${title} (${seconds()})`), reminderMs);
    try {
      const result = await work();
      say(`${title} (${seconds()})`);
      return result;
    } finally {
      clearInterval(reminder);
    }
  };
  return { say, step, elapsed };
}
