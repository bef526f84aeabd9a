// Until when the certificate of a Secret is valid; its key is not read.
import { X509Certificate } from 'node:crypto';

import type { CertificateFacts } from '../../core/health/health-facts.js';
import { valueOf } from '../../core/credentials/generated-secrets.js';
import type { ObservedSecret } from '../../core/credentials/observed.js';

export function readCertificate(secret: string, observed: ObservedSecret): CertificateFacts {
  const missing = (why: string): CertificateFacts => ({ kind: 'missing', secret, why });
  if (observed.kind === 'unreadable') return { kind: 'unseen', why: observed.why };
  if (observed.kind === 'absent') return missing('does not exist');
  const pem = valueOf(observed, 'tls.crt')?.reveal();
  if (!pem) return missing('has no tls.crt');
  try {
    // The first one is the server's own.
    const { validFrom, validTo } = new X509Certificate(pem);
    return { kind: 'seen', secret, startsAt: new Date(validFrom), endsAt: new Date(validTo) };
  } catch {
    return missing('has a tls.crt that is no certificate');
  }
}
