// What the API server answers when it does not do what it was asked, and what such an answer proves.

/**
 * An answer other than 2xx. The server's message is kept out for Secrets, whose values it may repeat.
 * `about` is the name of the object that the API server itself says it speaks of; a proxy's answer has none.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(readonly status: number, readonly reason: string, message: string, readonly about?: string) {
    super(message);
  }
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

/** Our name for it: the API server has none. */
const UNDECLARED_FIELD = 'FieldNotDeclared';

/**
 * What it answers to a server-side apply with a field that the CustomResourceDefinition does not have: status 500, as if it was broken. The
 * same would be refused again, so it is told as a refusal.
 */
export function reasonOf(status: number, reason: string, message: string): { readonly status: number; readonly reason: string } {
  const isUndeclared = status === 500 && message.endsWith('field not declared in schema');
  return isUndeclared ? { status: 422, reason: UNDECLARED_FIELD } : { status, reason };
}

export function isUndeclaredField(error: unknown): boolean {
  return error instanceof ApiError && error.reason === UNDECLARED_FIELD;
}

export async function absentAsUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** True only for the API server's own statement that the object of this name does not exist: not for a 404 of anything in between. */
export function provesAbsence(error: unknown, name: string): boolean {
  return error instanceof ApiError && error.status === 404 && error.reason === 'NotFound' && error.about === name;
}
