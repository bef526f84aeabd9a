// `glitchkeeper open`: GlitchTip on this machine's port, through rotations and restarts, until Ctrl-C.
import { Failure } from '../failure.js';
import { answers, forward } from '../port-forward.js';
import { kubectlCommand } from '../kubectl.js';
import { readResource } from '../glitchtip-resource-access.js';
import type { Context, ExitCode } from './command-context.js';

export interface OpenOptions {
  readonly port: number;
  /** Resolves on Ctrl-C. */
  readonly until: () => Promise<void>;
}

export async function open({ place, output }: Context, { port, until }: OpenOptions): Promise<ExitCode> {
  const { spec } = await readResource(place);
  if (await answers(port)) throw new Failure('refused', `localhost:${port} is taken by another program: pass --port`);

  const [service = ''] = spec.web.host.split('.');
  const forwarding = forward(place.target, {
    namespace: place.namespace, service, local: port, remote: spec.web.port,
    onChange: (state, reason) => {
      if (output.json) output.printJson({ state, message: reason });
      else output.say(state === 'open' ? `connected to ${reason}` : `not connected, trying again: ${reason}`);
    },
  });
  const url = `http://localhost:${port}`;
  const password = `${kubectlCommand(place.target)} --namespace ${place.namespace} get secret ${spec.secrets.administrator} --output jsonpath='{.data.password}' | base64 -d`;
  if (output.json) output.printJson({ state: 'started', url, administrator: spec.administrator.email, passwordCommand: password });
  else output.print(`GlitchTip:   ${url} (Ctrl-C ends it)\nsign in as:  ${spec.administrator.email}\npassword:    ${password}`);

  await until();
  await forwarding.stop();
  return 0;
}
