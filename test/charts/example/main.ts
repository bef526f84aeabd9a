// Another cdk8s app that runs GlitchTip beside its own things, with nothing of this repository but the package.
import { App, Chart } from 'cdk8s';
import { CustomResourceDefinitions, GlitchTip, Namespace, Operator, checkSettings } from 'glitchkeeper';

const settings = checkSettings({
  namespace: 'errors',
  domain: 'https://errors.example.com',
  retentionDays: 30,
  network: { clients: ['shop'] },
});

const app = new App();
const kinds = new Chart(app, 'kinds');
new CustomResourceDefinitions(kinds, 'crds');
new Namespace(kinds, 'namespace', settings);

const errors = new Chart(app, 'errors', { namespace: settings.namespace, disableResourceNameHashes: true });
new Operator(errors, 'operator', settings);
new GlitchTip(errors, 'glitchtip', settings);

app.synth();
