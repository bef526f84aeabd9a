// The configuration of the programs that bring a copy back, by environment variables; what is secret is in files.
import * as z from 'zod';
import { copyNameSchema } from '../core/copy-name.js';
import type { WantedCopy } from '../core/restorable.js';
import { parsed, readStore, required, type StoreConfig } from '../environment.js';

export interface RestoreConfig {
  /** WORK (/work): the Job's folder. */
  readonly work: string;
  /** As of a backup: FOLDER, or S3_ENDPOINT and what belongs to it. */
  readonly store: StoreConfig;
  /** COPY: a name, or latest; NOT_AFTER: with latest, a time (ISO 8601). */
  readonly wanted: WantedCopy;
  /** RELEASE of GlitchTip that is to run on it; those that a rehearsal may begin with, separated by commas. */
  readonly releases: readonly string[];
  /** IDENTITY: file with identities of age; it need not be there where copies are not encrypted. */
  readonly identity: string | undefined;
  /** UPLOADS: folder that they are put into; none where they are in a bucket, and with WITH_UPLOADS false. */
  readonly uploads: string | undefined;
  /** SETTINGS_TO: file for SECRET_KEY with its fallbacks, and the resource, as JSON; without it they stay in the copy. */
  readonly settingsTo: string | undefined;
}

const timeSchema = z.iso.datetime({ offset: true });

/** @throws RangeError naming the variable, what was expected and what was found */
export function readRestoreConfig(env: NodeJS.ProcessEnv): RestoreConfig {
  return {
    work: env['WORK'] ?? '/work',
    store: readStore(env),
    wanted: readWanted(env),
    releases: required('RELEASE', env['RELEASE']).split(','),
    identity: env['IDENTITY'],
    uploads: env['WITH_UPLOADS'] === 'false' ? undefined : env['UPLOADS'],
    settingsTo: env['SETTINGS_TO'],
  };
}

function readWanted(env: NodeJS.ProcessEnv): WantedCopy {
  const copy = required('COPY', env['COPY']);
  const notAfter = env['NOT_AFTER'] ?? '';
  if (copy !== 'latest') {
    if (notAfter !== '') throw new RangeError('NOT_AFTER: expected nothing beside the name of a copy, found a time');
    return { kind: 'name', name: parsed('COPY', copyNameSchema, copy) };
  }
  return { kind: 'newest', ...(notAfter === '' ? {} : { notAfter: new Date(parsed('NOT_AFTER', timeSchema, notAfter)) }) };
}
