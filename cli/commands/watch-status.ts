// `glitchkeeper status --watch`: a live screen on a terminal, a line a change elsewhere.
import { changeOf, describeChange } from '../live/status-line.js';
import type { Screen } from '../live/terminal-screen.js';
import { watch, type View } from '../live/poll.js';
import { formatDuration } from '../moments.js';
import type { Output, Paint } from '../output.js';
import { renderLive } from '../report/status-text.js';
import { EXIT_CODES, type Summary } from '../report/status-summary.js';
import type { Context, ExitCode } from './command-context.js';
import { readSummary } from './status.js';

export interface WatchStatusOptions {
  /** Seconds. */
  readonly every: number;
  readonly until: () => Promise<void>;
}

/** How it was when the watching ended. */
export async function watchStatus({ place, output }: Context, { every, until }: WatchStatusOptions): Promise<ExitCode> {
  const read = (): Promise<Summary> => readSummary(place);
  const screen = output.openScreen?.();
  const last = screen === undefined
    ? await watch({ read, every, until, show: showChanges(output) })
    : await watchOn(screen, { read, every, until, paint: output.paint });
  return last.trouble === undefined ? EXIT_CODES[last.value.verdict] : EXIT_CODES.unknown;
}

async function watchOn(screen: Screen, { paint, every, ...options }: { read: () => Promise<Summary>; every: number; until: () => Promise<void>; paint: Paint }): Promise<View<Summary>> {
  let draw = (): void => undefined;
  screen.onResize(() => draw());
  try {
    screen.draw('asking the cluster ...');
    return await watch({
      ...options, every,
      show: (view, now) => {
        draw = () => screen.draw(renderView(view, { now, every, paint }));
        draw();
      },
    });
  } finally {
    screen.close();
  }
}

/** The state of the watching comes first: below, it might be cut off. */
export function renderView({ value, seenAt, trouble }: View<Summary>, { now, every, paint }: { now: Date; every: number; paint: Paint }): string {
  const age = formatDuration(now.getTime() - seenAt.getTime());
  const state = trouble === undefined
    ? paint('dim', `${age} old, asked every ${every} s; Ctrl-C ends it`)
    : paint('red', `what follows is ${age} old: ${trouble}`);
  return `${state}\n\n${renderLive(value, now, paint)}`;
}

function showChanges(output: Output): (view: View<Summary>, now: Date) => void {
  let said = '';
  return (view, now) => {
    const change = changeOf(view);
    const text = describeChange(change);
    if (text === said) return;
    said = text;
    const at = now.toISOString();
    if (output.json) output.printJson({ at, ...change });
    else output.print(`${at}  ${text}`);
  };
}
