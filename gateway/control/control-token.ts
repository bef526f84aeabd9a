// Who may use the control port: whoever knows the token in a file, which is read for each request, so that a new one counts at once.
import { messageOf } from '../../operator/core/error-message.js';
import { createHash, timingSafeEqual } from 'node:crypto';

export class ControlToken {
  #isMissing = false;

  /** @param read what the file holds. @throws when it is not there, or may not be read */
  constructor(private readonly read: () => string, private readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void) {
    this.#token();
  }

  /** @param authorization the header of that name. Without a token in the file nobody is let in. */
  admits(authorization: string | undefined): boolean {
    const given = /^Bearer ([^\s]+)$/i.exec(authorization ?? '')?.[1];
    const token = this.#token();
    return given !== undefined && token !== undefined && timingSafeEqual(digest(given), digest(token));
  }

  /** Says that there is none once, and again after there was one. */
  #token(): string | undefined {
    const { token, why } = this.#look();
    if (token === undefined && !this.#isMissing) this.log('the control port refuses everything, for it has no token', { why });
    this.#isMissing = token === undefined;
    return token;
  }

  #look(): { readonly token?: string; readonly why?: string } {
    try {
      const token = this.read().trim();
      return token === '' ? { why: 'the file is empty' } : { token };
    } catch (error) {
      return { why: messageOf(error) };
    }
  }
}

/** Of equal length, whatever was given: how long the token is shows nowhere. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
