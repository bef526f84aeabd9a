// GlitchTip's own Python with the runtime helpers of the manifests: over https its csrftoken is as Secure as its session.
import { chown, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { GLITCHTIP_IMAGE, GLITCHTIP_USER } from './gateway-fuzz/glitchtip-web.js';
import { prepareProcess, unpackImage } from './image-process.js';

const START = 240_000;
/** Of Django as GlitchTip sets it up, without its servers. */
const PROGRAM = 'from django.conf import settings; print("Secure:", settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)';

async function cookiesWith(secure: 'True' | 'False', hasHelpers = true): Promise<string> {
  const image = await unpackImage(GLITCHTIP_IMAGE);
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-csrf-'));
  try {
    if (hasHelpers) await cp('charts/runtime', folder, { recursive: true });
    await chown(folder, GLITCHTIP_USER.uid, GLITCHTIP_USER.gid);
    const env = {
      ...image.env, PATH: `${image.env['PATH'] ?? ''}:/usr/sbin`, PYTHONPATH: '/glitchkeeper:/code', PYTHONDONTWRITEBYTECODE: '1', DJANGO_SETTINGS_MODULE: 'glitchtip.settings',
      SESSION_COOKIE_SECURE: secure, CSRF_COOKIE_SECURE: secure, VALKEY_URL: 'redis://127.0.0.1:1/0',
    };
    const program = prepareProcess({ image: { ...image, env }, user: GLITCHTIP_USER, command: ['python', '-c', PROGRAM] }, { '/glitchkeeper': folder });
    program.start();
    for (let turn = 0; turn < 300 && !program.ended; turn += 1) await sleep(100);
    await program.kill();
    return /Secure: .*/.exec(program.fullOutput)?.[0] ?? program.fullOutput;
  } finally {
    await rm(folder, { recursive: true });
  }
}

it('both cookies are Secure over https', async () => expect(await cookiesWith('True')).toBe('Secure: True True'), START);
it('neither is over http, where nobody would stay signed in', async () => expect(await cookiesWith('False')).toBe('Secure: False False'), START);
it('GlitchTip by itself keeps one of them in clear', async () => expect(await cookiesWith('True', false)).toBe('Secure: True False'), START);
