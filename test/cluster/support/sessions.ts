// Who may get in to the running GlitchTip, over a port-forward as a browser would.
import { GlitchTipSession } from '../../sdk/glitchtip-session.js';
import { withForward } from './project.js';
import type { Stack } from './stack.js';

export interface Account {
  readonly email: string;
  readonly password: string;
}

/** @throws ApiError with 400 when they are refused */
export function signIn(stack: Stack, { email, password }: Account): Promise<GlitchTipSession> {
  return withForward(stack, async (url) => {
    const session = new GlitchTipSession(url);
    await session.login(email, password);
    return session;
  });
}

/** What the API and the part that compares a session with the key say; in this order, as the second one may renew the session. */
export function answersTo(stack: Stack, session: GlitchTipSession): Promise<number[]> {
  return withForward(stack, async (url) => {
    const here = session.at(url);
    return [(await here.get('/api/0/organizations/')).status, (await here.get('/_allauth/browser/v1/auth/session')).status];
  });
}
