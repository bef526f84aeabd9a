// Which Postgres this is: initdb gives each data directory a system identifier, and the status remembers that of the one in use.
// Another one means that the volume is gone, or is not the one that it was: nothing is set up in it before a person said so.

/** What of the identity was found, remembered and accepted. */
export interface IdentityInput {
  /** As the server says it; undefined: it was not seen. */
  readonly found: string | undefined;
  /** As the status says it; undefined: none was set up yet. */
  readonly remembered: string | undefined;
  /** Value of the annotation by which a person accepts a new one. */
  readonly accepted: string | undefined;
}

export interface DatabaseIdentity {
  /** To be remembered; undefined while none was ever seen. */
  readonly system?: string;
  /** It is another one than before, and nobody accepted that. */
  readonly replaced?: { readonly was: string; readonly is: string };
}

/** Without a full stop: what is to be done follows. */
export function describeReplaced({ was, is }: NonNullable<DatabaseIdentity['replaced']>): string {
  return `The database is new: its data directory has the system identifier ${is}, and had ${was}. Nothing is set up in it`;
}

export function identifyDatabase({ found, remembered, accepted }: IdentityInput): DatabaseIdentity {
  if (found === undefined) return remembered === undefined ? {} : { system: remembered };
  if (remembered === undefined || remembered === found || accepted === found) return { system: found };
  return { system: remembered, replaced: { was: remembered, is: found } };
}
