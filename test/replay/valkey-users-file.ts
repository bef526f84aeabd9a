// What Valkey's users file says, which is what the server lets in when it is started again.
import { sha256Hex } from '../../operator/io/crypto.js';

/** The password that a pod has for Valkey. */
export function valkeyPassword({ VALKEY_URL = 'redis://none' }: Readonly<Record<string, string>>): string {
  return decodeURIComponent(new URL(VALKEY_URL).password);
}

export function hasSaved(file: string, user: string, password: string): boolean {
  return file.split('\n').some((line) => line.startsWith(`user ${user} `) && line.split(' ').includes(`#${sha256Hex(password)}`));
}
