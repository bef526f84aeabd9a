// Settings of https as a person applies them: synth, the host file, apply.
import type { SettingsInput } from '../../../charts/settings/schema.js';
import { NAME, type HttpsEdge } from './https-edge.js';
import type { Stack } from './stack.js';
import { waitFor, when } from './wait.js';

export const URL_OF_NAME = `https://${NAME}`;

/** @returns when it was applied, milliseconds since the epoch */
export async function applyHttps(stack: Stack, edge: HttpsEdge, label: string, { https, network = {} }: Pick<SettingsInput, 'https' | 'network'>): Promise<number> {
  const made = await stack.synthesize(label, { domain: URL_OF_NAME, https, network });
  await edge.runTraefik(made.settings);
  const started = Date.now();
  await stack.apply(made);
  return started;
}

/** A certificate that Traefik gets itself. */
export function byAcme({ authority }: HttpsEdge): { readonly mode: 'traefik'; readonly acme: { readonly email: string; readonly server: string } } {
  return { mode: 'traefik', acme: { email: 'ops@glitchtip.invalid', server: authority } };
}

export async function untilStatus(edge: HttpsEdge, url: string, status: number): Promise<void> {
  await waitFor<true>({ what: `${url} to answer ${status}`, seconds: 60 }, async () => {
    const [answer] = await edge.ask([{ url }]);
    return when(answer?.status === status, JSON.stringify(answer));
  });
}
