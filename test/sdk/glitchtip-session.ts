// Logs in to GlitchTip as a browser does (allauth headless: a CSRF cookie, then a session cookie), to make an API token.
import { send, type HttpAnswer } from './http-client.js';

/** The instance answered, but not as expected; the message says what was asked and what came. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** How a sign-up attempt ended. `created` and `pending` mean that registration is open. */
export type SignUp = 'refused' | 'created' | 'pending';

/** A browser's side of one instance: its cookies and the CSRF token, kept in memory only. */
export class GlitchTipSession {
  private readonly cookies = new Map<string, string>();
  /** The Set-Cookie lines as received, newest last, for checks of their attributes. */
  readonly setCookies: string[] = [];

  constructor(private readonly baseUrl: string) {}

  /** The same cookies at another address of the same instance: another port-forward. */
  at(baseUrl: string): GlitchTipSession {
    const session = new GlitchTipSession(baseUrl);
    for (const [name, value] of this.cookies) session.cookies.set(name, value);
    return session;
  }

  /** @throws ApiError when the e-mail and password are refused (400) or the attempts are too many (429). */
  async login(email: string, password: string): Promise<void> {
    const answer = await this.post('/_allauth/browser/v1/auth/login', { email, password });
    if (answer.status === 200) return;
    throw new ApiError(`login as ${email} at ${this.baseUrl}: ${answer.status} ${loginReason(answer)}`, answer.status);
  }

  /** Tries to make an account. @throws ApiError for an answer that says neither yes nor no. */
  async signUp(email: string, password: string): Promise<SignUp> {
    const answer = await this.post('/_allauth/browser/v1/auth/signup', { email, password });
    if (answer.status === 403 && saysClosed(answer)) return 'refused';
    if (answer.status === 200) return 'created';
    // allauth answers 401 with a flow to finish when the new account still has to confirm its e-mail address.
    if (answer.status === 401) return 'pending';
    throw new ApiError(`sign-up attempt: ${answer.status} ${loginReason(answer)}`, answer.status);
  }

  /** A POST of JSON with the cookies and the CSRF token. */
  async post(path: string, body: unknown): Promise<HttpAnswer> {
    if (!this.cookies.has('csrftoken')) await this.get('/_allauth/browser/v1/config');
    return this.exchange('POST', path, {
      headers: { 'content-type': 'application/json', 'x-csrftoken': this.cookies.get('csrftoken') ?? '' },
      body: JSON.stringify(body),
    });
  }

  async get(path: string): Promise<HttpAnswer> {
    return this.exchange('GET', path, { headers: {} });
  }

  private async exchange(
    method: 'GET' | 'POST',
    path: string,
    content: { headers: Record<string, string>; body?: string },
  ): Promise<HttpAnswer> {
    const answer = await send({
      url: `${this.baseUrl}${path}`,
      method,
      // Django compares Referer (and Origin) with the host when the request came over TLS.
      headers: {
        ...content.headers,
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        referer: `${this.baseUrl}/`,
        origin: new URL(this.baseUrl).origin,
      },
      body: content.body,
    });
    for (const line of answer.headers['set-cookie'] ?? []) this.keepCookie(line);
    return answer;
  }

  private keepCookie(line: string): void {
    this.setCookies.push(line);
    const [, name, value] = /^\s*([^=;]+)=([^;]*)/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) this.cookies.set(name, value);
  }
}

/** A closed registration answers {"status": 403}; Django's CSRF check answers 403 too, with a page, and proves nothing. */
function saysClosed(answer: HttpAnswer): boolean {
  return (answer.headers['content-type'] ?? '').includes('json') && /"status":\s*403/.test(answer.body);
}

function loginReason(answer: HttpAnswer): string {
  if (answer.status === 400 && answer.body.includes('password')) return '(the e-mail or the password is wrong)';
  if (answer.status === 401) return '(a second factor is asked for: make the API token in the browser, see README)';
  if (answer.status === 403) return '(CSRF check failed: is this address among CSRF_TRUSTED_ORIGINS?)';
  if (answer.status === 429) return '(too many attempts: wait a minute)';
  return answer.body.slice(0, 200);
}
