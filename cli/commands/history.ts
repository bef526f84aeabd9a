// `glitchkeeper history`: the rotations that have ended.
import { renderHistory } from '../report/status-text.js';
import { readResource } from '../glitchtip-resource-access.js';
import type { Context, ExitCode } from './command-context.js';

export async function history({ place, output }: Context): Promise<ExitCode> {
  const { name, namespace, status } = await readResource(place);
  const ended = status.rotation?.history ?? [];
  if (output.json) output.printJson({ name, namespace, history: ended });
  else output.print(renderHistory(ended, output.paint));
  return 0;
}
