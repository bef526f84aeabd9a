// Decides whether the settings file has to be applied to the resource: when there is none yet, or the file differs from what was last applied.
import { SETTINGS_HASH_ANNOTATION } from '../../api/object-names.js';
import type { GlitchTipResource } from '../../api/glitchtip-resource.js';

/** `hash`: SHA-256 of the file in hex. A person's own edits of the resource stay until the file itself changes. */
export function planSettings(hash: string, resource: GlitchTipResource | undefined): 'apply' | 'nothing' {
  return resource?.metadata.annotations?.[SETTINGS_HASH_ANNOTATION] === hash ? 'nothing' : 'apply';
}
