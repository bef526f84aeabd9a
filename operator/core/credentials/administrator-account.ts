// Says whether what the administrator's Secret shows to people lets them in, and whether the setting still names that account.
import { REASONS } from '../../api/conditions.js';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { valueOf } from './generated-secrets.js';
import type { Observed } from './observed.js';
import type { Finding } from './resource-conditions.js';

type Judged = Pick<GlitchTipSpec, 'administrator' | 'secrets'>;

export function judgeAdministratorAccount(spec: Judged, observed: Pick<Observed, 'secrets' | 'administrator'>): Finding {
  return { type: 'AdministratorCurrent', ...explain(spec, observed) };
}

function explain(spec: Judged, { secrets, administrator = { kind: 'not tried' } }: Pick<Observed, 'secrets' | 'administrator'>): Omit<Finding, 'type'> {
  const email = valueOf(secrets.administrator, 'email')?.reveal();
  const secret = `Secret ${spec.secrets.administrator}`;
  if (email === undefined || administrator.kind === 'not tried') return { status: 'Unknown', reason: REASONS.NotObserved, message: 'Whether the administrator can sign in could not be tried yet.' };
  if (administrator.kind === 'absent') {
    return { status: 'False', reason: REASONS.AdministratorAbsent, message: `GlitchTip has no account ${email}, which ${secret} names. Put the address of an account that exists into key email of ${secret}.` };
  }
  if (administrator.kind === 'ordinary') {
    return {
      status: 'False', reason: REASONS.AdministratorOrdinary,
      message: administrator.isLed
        ? `${email} belongs to an ordinary account, and another one is the administrator: nothing is done to the ordinary one. Put the address of the administrator's account into key email of ${secret}.`
        : `${email} belongs to an ordinary account, and there is no administrator: web and worker wait for one. Set administrator.promote to true in settings.yaml to make it the administrator, or put another address into key email of ${secret}.`,
    };
  }
  if (administrator.kind === 'refused') {
    return { status: 'False', reason: REASONS.AdministratorPasswordRefused, message: `The account ${email} refuses the password of ${secret}: somebody chose another one, or the Secret was made anew. glitchkeeper rotate --only administrator gives both a new one.` };
  }
  if (email !== spec.administrator.email) {
    return {
      status: 'False', reason: REASONS.AdministratorEmailDiffers,
      message: `administrator.email is ${spec.administrator.email} and the account was made as ${email}: a changed setting changes no account. Change the address in GlitchTip and in key email of ${secret}, or put the setting back.`,
    };
  }
  return { status: 'True', reason: REASONS.AdministratorSignsIn, message: `The account ${email} accepts the password of ${secret}.` };
}
