// doctor: whether anybody may sign up.
import { failure, ok, onSight, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import { webContainer } from './address-checks.js';
import { variable } from './kubernetes-objects.js';

const APPLY = 'npm run synth && kubectl apply -f dist/ closes it again';
const CLOSE = `if nobody meant it: registration in settings.yaml, then ${APPLY}`;

export function checkRegistration(facts: Facts): readonly Finding[] {
  return onSight('registration', webContainer(facts), (web) => {
    const [users, singleSignOn, organizations] = ['ENABLE_USER_REGISTRATION', 'ENABLE_SOCIAL_APPS_USER_REGISTRATION', 'ENABLE_ORGANIZATION_CREATION'].map((name) => variable(web, name));
    // GlitchTip's own default is open, and no manifest of ours leaves it at that.
    if (users === undefined) return failure('registration', 'open: whoever reaches GlitchTip may make an account', APPLY);
    if (!isOff(users)) return warning('registration', 'open, as with registration.users: true: whoever reaches GlitchTip may make an account', CLOSE);
    if (!isOff(singleSignOn ?? users)) return warning('registration', 'closed, but whoever signs in through a provider gets an account', CLOSE);
    if (!isOff(organizations ?? 'False')) return warning('registration', 'closed, but every user may make organizations', CLOSE);
    return ok('registration', 'closed');
  });
}

function isOff(value: string): boolean {
  return /^(false|0|off|no|)$/i.test(value);
}
