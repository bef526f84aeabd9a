// Identities of age as a person has them in a file of age-keygen's. What is wrong with one is told without any of it.

const COMMENT = /^#/;

/** A line each. @throws RangeError with what was expected and what kind of thing was found */
export function parseIdentities(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !COMMENT.test(line));
  if (lines.length === 0) throw refuse('nothing');
  for (const line of lines) {
    if (!/^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/.test(line)) throw refuse(kindOf(line));
  }
  return lines;
}

function refuse(found: string): RangeError {
  return new RangeError(`the identity: expected lines AGE-SECRET-KEY-1..., as age-keygen writes them, found ${found}`);
}

function kindOf(line: string): string {
  if (/^age1/.test(line)) return 'a recipient (age1...), which is the half that encrypts';
  if (/^-----BEGIN/.test(line)) return 'a key of SSH or TLS, or an identity that is encrypted with a passphrase: age -d gives what is in it';
  if (/^AGE-SECRET-KEY-PQ-/.test(line)) return 'an identity for post-quantum recipients, for which no backup is encrypted';
  if (/^AGE-SECRET-KEY-/i.test(line)) return 'an identity that is not whole, or not in capital letters';
  return 'something else';
}
