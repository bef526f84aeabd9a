// Ctrl-C, and what a service manager sends instead.

/** Resolves at the first of them. From then on a second one ends the program as usual. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
