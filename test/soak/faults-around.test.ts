// Soak: what goes wrong with that which GlitchTip stands on, and with what carries the alerts, at the default settings and by the clock.
import { ALERT_PORTS } from '../support/alerts/inside.js';
import { describeApiServerAway, describeLongIncident, describeTelegramAway, REPORT_HOURS } from '../cluster/pods/delivery.js';
import { describeFaults } from '../cluster/pods/faults.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { putCertificate, TLS_SECRET } from '../cluster/support/fault-actions.js';
import { SCENARIOS_AROUND } from '../cluster/support/faults.js';

describeOnPods('soak: faults of the host', 'soak-around', {
  onInstalled: (installed) => describeFaults(installed, {
    scenarios: SCENARIOS_AROUND, judgedBy: 'seconds',
    watched: async (stack) => {
      // Before the settings name it: one that is missing is an incident.
      await putCertificate(stack, 90);
      return { https: { secret: TLS_SECRET }, alerts: { ports: [...ALERT_PORTS], reportHours: REPORT_HOURS } };
    },
    more(note) {
      describeLongIncident(installed, note);
      describeTelegramAway(installed, note);
      describeApiServerAway(installed, note);
    },
  }),
});
