// doctor: whether anybody may sign up.
import { failure, ok, onSight, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import { webContainer } from './address-checks.js';
import { variable } from './kubernetes-objects.js';

const APPLY = 'npm run synth && kubectl apply -f dist/ closes it again';

export function checkRegistration(facts: Facts): readonly Finding[] {
  return onSight('registration', webContainer(facts), (web) => {
    // GlitchTip's own default is open.
    if (!isOff(variable(web, 'ENABLE_USER_REGISTRATION'))) return failure('registration', 'open: whoever reaches GlitchTip may make an account', APPLY);
    if (!isOff(variable(web, 'ENABLE_ORGANIZATION_CREATION') ?? 'False')) return warning('registration', 'closed, but every user may make organizations', APPLY);
    return ok('registration', 'closed');
  });
}

function isOff(value: string | undefined): boolean {
  return /^(false|0|off|no|)$/i.test(value ?? 'true');
}
