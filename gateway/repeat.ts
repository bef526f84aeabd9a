// Work that is done again and again, never twice at once; one that fails is done again like any other.
export interface Repeated {
  /** Resolves when none is under way any more. */
  stop(): Promise<void>;
}

/** @param pause from the end of one to the beginning of the next. Milliseconds */
export function repeat(pause: number, work: () => Promise<void> | void, onError: (error: unknown) => void): Repeated {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const again = async (): Promise<void> => {
    await Promise.resolve().then(work).catch(onError);
    timer = isStopped ? undefined : setTimeout(begin, pause);
  };
  const begin = (): void => {
    running = again();
  };
  begin();
  return {
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      return running;
    },
  };
}
