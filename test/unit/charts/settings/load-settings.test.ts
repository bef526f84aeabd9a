import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SettingsError, findSettings, loadSettings, parseSettings } from '../../../../charts/settings/load-settings.js';

const problemsOf = (text: string): readonly string[] => {
  try {
    parseSettings(text);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};

describe('settings that are refused, with path, expected and found', () => {
  it.each([
    // unknown keys
    ['memory: 1Gi', 'memory: expected one of namespace', 'found an unknown key'],
    ['domian: http://x', 'domian: expected one of', 'did you mean domain?'],
    ['resources: {wbe: {}}', 'resources.wbe: expected one of web, worker', 'did you mean web?'],
    ['resources: {web: {limit: {}}}', 'resources.web.limit: expected one of requests, limits', 'did you mean limits?'],
    ['resources: {web: {limits: {ram: 1Gi}}}', 'resources.web.limits.ram: expected one of cpu, memory', 'unknown key'],
    ['images: {glichtip: a/b:1}', 'images.glichtip: expected one of', 'did you mean glitchtip?'],
    ['storage: {class: fast}', 'storage.class: expected one of className', 'unknown key'],
    // units
    ['resources: {web: {limits: {memory: 300}}}', 'resources.web.limits.memory: expected a memory quantity with a unit', 'found 300'],
    ['resources: {web: {limits: {memory: "300"}}}', 'resources.web.limits.memory: expected a memory quantity', 'found "300"'],
    ['resources: {web: {limits: {memory: 300 MB}}}', 'resources.web.limits.memory: expected a memory quantity', 'found "300 MB"'],
    ['resources: {web: {limits: {memory: -300Mi}}}', 'resources.web.limits.memory: expected a memory quantity', 'found "-300Mi"'],
    ['resources: {web: {limits: {memory: 0Mi}}}', 'resources.web.limits.memory: expected a memory quantity', 'found "0Mi"'],
    ['resources: {web: {limits: {memory: null}}}', 'resources.web.limits.memory: expected a memory quantity', 'found nothing after the colon'],
    ['resources: {worker: {limits: {memory: 249Mi}}}', 'resources.worker.limits.memory: expected at least 250Mi with the gateway', 'found 249Mi'],
    ['{version: 6.2, profile: tiny, resources: {single: {limits: {memory: 300Mi}}}}', 'resources.single.limits.memory: expected at least 400Mi with the gateway', 'found 300Mi'],
    ['resources: {worker: {limits: {cpu: half}}}', 'resources.worker.limits.cpu: expected a CPU quantity', 'found "half"'],
    ['resources: {worker: {limits: {cpu: 0}}}', 'resources.worker.limits.cpu: expected a CPU quantity', 'found "0"'],
    ['resources: {worker: {limits: {cpu: [1]}}}', 'resources.worker.limits.cpu: expected a CPU quantity', 'found [1]'],
    ['host: {memory: 2}', 'host.memory: expected a memory quantity', 'found 2'],
    ['storage: {postgres: 8}', 'storage.postgres: expected a memory quantity', 'found 8'],
    ['retentionDays: 0', 'retentionDays: expected a whole number of days from 1 to 3650', 'found 0'],
    ['retentionDays: 1.5', 'retentionDays: expected a whole number of days', 'found 1.5'],
    ['retentionDays: 90d', 'retentionDays: expected a whole number of days', 'found "90d"'],
    // limits below requests
    ['resources: {web: {limits: {memory: 100Mi}}}', 'resources.web.limits.memory: expected at least the request (150Mi)', 'found 100Mi'],
    ['resources: {valkey: {limits: {cpu: 10m}}}', 'resources.valkey.limits.cpu: expected at least the request (50m)', 'found 10m'],
    ['resources: {postgres: {requests: {memory: 1Gi}}}', 'resources.postgres.limits.memory: expected at least the request (1Gi)', 'found 150Mi'],
    // addresses
    ['domain: errors.example.com', 'domain: expected an http or https address', 'found "errors.example.com"'],
    ['domain: ftp://example.com', 'domain: expected an http or https address', 'found "ftp://example.com"'],
    ['domain: https://example.com/glitchtip', 'domain: expected an http or https address without a path', 'found "https://example.com/glitchtip"'],
    ['domain: https://', 'domain: expected an http or https address', 'found "https://"'],
    ['domain: https://user:pw@example.com', 'domain: expected an http or https address without a user and a password', 'found something else'],
    ['domain: [https://a.example.com]', 'domain: expected an http or https address', 'found ["https://a.example.com"]'],
    ['domain: "https://a.example.com,b.example.com"', 'domain: expected one address, without commas and spaces', 'found "https://a.example.com,b.example.com"'],
    ['domain: "https://a.example.com, https://b.example.com"', 'domain: expected one address', 'found "https://a'],
    ['domain: "https://*.example.com"', 'domain: expected the address of one host, without a wildcard', 'found "https://*.example.com"'],
    ['domain: https://Errors.example.com', 'domain: expected lower case, https://errors.example.com', 'found "https://Errors.example.com"'],
    ['domain: HTTPS://errors.example.com', 'domain: expected lower case, https://errors.example.com', 'found "HTTPS'],
    ['domain: https://errors.example.com:443', 'domain: expected the address without port 443, which https has anyway, https://errors.example.com', 'found "https://errors.example.com:443"'],
    ['domain: http://errors.example.com:80', 'domain: expected the address without port 80, which http has anyway', 'found "http://errors.example.com:80"'],
    ['domain: https://errors.example.com/', 'domain: expected an http or https address without a path, such as https://errors.example.com', 'found "https://errors.example.com/"'],
    ['domain: "https://errors.example.com?x=1"', 'domain: expected an http or https address without a path', 'found'],
    ['domain: https://my_host.example.com', 'domain: expected a host name of letters, digits, "-" and "."', 'found "https://my_host.example.com"'],
    ['domain: https://a..example.com', 'domain: expected a host name', 'found'],
    ['domain: https://bücher.example', 'domain: expected the name as DNS has it, https://xn--bcher-kva.example', 'found "https://bücher.example"'],
    ['domain: https://errors.example.com:99999', 'domain: expected an http or https address', 'found'],
    ['domain: http://1', 'domain: expected an http or https address', 'found "http://1"'],
    // keys without values, and YAML 1.1
    ['domain:', 'domain: expected an http or https address such as https://errors.example.com, found nothing after the colon: take the key out too', 'default'],
    ['storage:', 'storage: expected a mapping, found nothing after the colon', 'take the key out too'],
    ['storage:\n  # postgres: 16Gi\n', 'storage: expected a mapping, found nothing after the colon', 'take the key out too'],
    ['network: {clients: }', 'network.clients: expected a list, found nothing after the colon', 'take the key out too'],
    ['email: {url: }', 'email.url: expected a text, found nothing after the colon', 'take the key out too'],
    ['resources: {web: {<<: {requests: {cpu: 1}}}}', 'resources.web.<<: expected one of requests, limits, found a merge key, which YAML 1.2 does not have', 'write its keys out'],
    ['administrator: {email: root}', 'administrator.email: expected an e-mail address', 'found "root"'],
    ['email: {from: 7}', 'email.from: expected an e-mail address', 'found 7'],
    ['email: {url: "http://mail"}', 'email.url: expected consolemail:// or smtp://host:port', 'found'],
    // exposure
    ['service: {type: NodePort}', 'service.type: expected ClusterIP, or NodePort together with service.allowPublic', 'found NodePort alone'],
    ['service: {type: LoadBalancer}', 'service.type: expected ClusterIP, or LoadBalancer together', 'found LoadBalancer alone'],
    ['service: {type: HostPort}', 'service.type: expected ClusterIP, NodePort or LoadBalancer', 'found "HostPort"'],
    ['service: {port: 8081}', 'service.port: expected none with ClusterIP', 'found 8081'],
    ['service: {type: NodePort, allowPublic: true, port: 80}', 'service.port: expected a port from 30000 to 32767 with NodePort', 'found 80'],
    ['service: {type: LoadBalancer, allowPublic: true, port: 70000}', 'service.port: expected a TCP port from 1 to 65535', 'found 70000'],
    ['pods: {tolerations: [{key: dedicated, operator: Exists, value: errors}]}', 'pods.tolerations.0.value: expected no value beside operator Exists', 'found "errors"'],
    ['pods: {tolerations: [{effect: NoSchedule}]}', 'pods.tolerations.0.key: expected the key of a taint, or operator Exists', 'found nothing'],
    ['pods: {tolerations: [{key: dedicated, effect: Never}]}', 'pods.tolerations.0.effect: expected one of NoSchedule, PreferNoSchedule, NoExecute', 'found "Never"'],
    ['pods: {nodeSelector: {errors: true}}', 'pods.nodeSelector.errors: expected the value of a label, in quotes', 'found true'],
    ['pods: {imagePullSecrets: [My Registry]}', 'pods.imagePullSecrets.0: expected the name of a Secret', 'found "My Registry"'],
    ['service: {allowPublic: "yes"}', 'service.allowPublic: expected true or false', 'found "yes"'],
    // versions and images
    ['version: 4.2', 'version: expected one of 5.2, 6.2', 'found "4.2"'],
    ['version: [5.2]', 'version: expected one of 5.2, 6.2', 'found [5.2]'],
    ['version: 6', 'version: expected one of 5.2, 6.2, found "6.0", which has an authorization bypass (closed in 6.1.7)', 'use 6.2'],
    ['version: "6.1"', 'version: expected one of 5.2, 6.2, found "6.1", which has an authorization bypass before 6.1.7', 'use 6.2'],
    ['version: 7.0', 'version: expected one of 5.2, 6.2, found "7.0", which has no published image that could be found', 'use 6.2'],
    ['version: "6.2.6"', 'version: expected one of 5.2, 6.2', 'found "6.2.6"'],
    ['images: {glitchtip: "docker.io/glitchtip/glitchtip:6.2.6"}', 'images.glitchtip: expected an image of GlitchTip 5.2, as version says', 'found "docker.io/glitchtip/glitchtip:6.2.6", which is of 6.2'],
    ['{version: "6.2", images: {glitchtip: "glitchtip/glitchtip:v6.1.7"}}', 'images.glitchtip: expected an image of GlitchTip 6.2', 'which is of 6.1'],
    ['{version: "6.2", images: {glitchtip: "glitchtip/glitchtip:6.2.0"}}', 'images.glitchtip: expected 6.2.2 or later, found "glitchtip/glitchtip:6.2.0"', 'two pools of connections'],
    ['{version: "6.2", images: {glitchtip: "glitchtip/glitchtip:v6.2.1-arm64"}}', 'images.glitchtip: expected 6.2.2 or later', 'v6.2.1-arm64'],
    ['{version: "6.2", images: {glitchtip: "glitchtip/glitchtip:6"}}', 'images.glitchtip: expected an image of GlitchTip 6.2', 'which is of 6'],
    ['profile: small', 'profile: expected classic or tiny', 'found "small"'],
    ['profile: tiny', 'profile: expected classic with version 5.2', 'found tiny, which needs version 6.2'],
    ['images: {postgres: postgres}', 'images.postgres: expected an image with a tag or a digest', 'found "postgres"'],
    ['images: {postgres: "postgres:latest"}', 'images.postgres: expected a fixed tag', 'found "latest"'],
    ['images: {valkey: "Valkey 8"}', 'images.valkey: expected an image with a tag', 'found "Valkey 8"'],
    ['email: {url: "smtp://"}', 'email.url: expected consolemail:// or smtp://host:port', 'found'],
    ['email: {url: "smtp://mail host/x"}', 'email.url: expected consolemail:// or smtp://host:port', 'found'],
    // what Kubernetes takes only with a warning, or for something else
    ['resources: {web: {limits: {memory: 0.29Gi}}}', 'resources.web.limits.memory: expected a whole number of bytes', 'found "0.29Gi"'],
    ['storage: {uploads: 2.1G, valkey: 1.1Gi}', 'storage.valkey: expected a whole number of bytes', 'found "1.1Gi"'],
    ['host: {neighbours: 128}', 'host.neighbours: expected a memory quantity', 'found 128'],
    ['namespace: kube-system', "namespace: expected a namespace of GlitchTip's own", 'found "kube-system"'],
    ['namespace: default', "namespace: expected a namespace of GlitchTip's own", 'found "default"'],
    ['https: {secret: "errors example"}', 'https.secret: expected the name of a Secret', 'found "errors example"'],
    ['storage: {className: Fast}', 'storage.className: expected the name of a storage class', 'found "Fast"'],
    // names and shapes
    ['namespace: Glitch_Tip', 'namespace: expected a DNS label', 'found "Glitch_Tip"'],
    ['namespace: 5', 'namespace: expected a text', 'found 5'],
    ['network: {clients: apps}', 'network.clients: expected a list', 'found "apps"'],
    ['network: {clients: [My Apps]}', 'network.clients.0: expected a DNS label', 'found "My Apps"'],
    ['network: {workerToPrivate: [mail.example.com]}', 'network.workerToPrivate.0: expected an address or a network such as 10.42.0.0/16', 'found "mail.example.com"'],
    ['network: {workerToPrivate: [10.1.2.3/8]}', 'network.workerToPrivate.0: expected a network whose address ends with its prefix', 'found "10.1.2.3/8"'],
    ['network: {workerToPrivate: [10.42.7.0/24]}', "network.workerToPrivate.0: expected a network outside of the cluster's own (10.42.0.0/16 of clusterRanges)", 'found 10.42.7.0/24'],
    ['network: {apiServer: {addresses: [kubernetes]}}', 'network.apiServer.addresses.0: expected an address or a network', 'found "kubernetes"'],
    ['network: {apiServer: {ports: []}}', 'network.apiServer.ports: expected a TCP port at least', 'found none'],
    ['email: {secret: My_Mail}', 'email.secret: expected', 'found "My_Mail"'],
    ['email: {secret: mail, url: "smtp://relay:25"}', 'email.url: expected none beside email.secret, which names the server', 'found "smtp://relay:25"'],
    ['email: {port: 70000}', 'email.port: expected a TCP port from 1 to 65535', 'found 70000'],
    ['network: {proxy: {url: "https://proxy.example.com", networks: [10.0.0.5]}}', 'network.proxy.url: expected http://host:port, without a user, a password and a path', 'found "https://proxy.example.com"'],
    ['network: {proxy: {url: "http://me:secret@10.0.0.5:3128", networks: [10.0.0.5]}}', 'network.proxy.url: expected http://host:port, without a user, a password and a path', 'found one with a user'],
    ['network: {proxy: {url: "http://10.0.0.5:3128"}}', 'network.proxy.networks: expected where the proxy is, such as [10.0.0.5]', 'found none'],
    ['network: {proxy: {networks: [10.0.0.5]}}', 'network.proxy.url: expected the address of the proxy in those networks', 'found none'],
    ['network: {proxy: {url: "http://10.0.0.5:3128", networks: [10.0.0.5], noProxy: ["a b"]}}', 'network.proxy.noProxy.0: expected a name or an address', 'found "a b"'],
    ['network: {certificateAuthorities: My_CA}', 'network.certificateAuthorities: expected', 'found "My_CA"'],
    ['network: {workerToInternet: 1}', 'network.workerToInternet: expected true or false', 'found 1'],
    ['rotation: {everyDays: 0}', 'rotation.everyDays: expected', 'found 0'],
    ['rotation: {everyDays: monthly}', 'rotation.everyDays: expected', 'found "monthly"'],
    ['rotation: {at: "25:00"}', 'rotation.at: expected a time of day', 'found "25:00"'],
    ['rotation: {at: 3}', 'rotation.at: expected a time of day', 'found 3'],
    ['rotation: {timeZone: Berlin}', 'rotation.timeZone: expected a time zone', 'found "Berlin"'],
    ['rotation: {everyDays: 1, graceHours: 24}', 'rotation.graceHours: expected fewer hours', 'found 24'],
    ['rotation: {enabled: often}', 'rotation.enabled: expected true or false', 'found "often"'],
    ['rotation: {every: 90}', 'rotation.every: expected one of enabled, everyDays', 'found an unknown key'],
    ['health: {everySeconds: 5}', 'health.everySeconds: expected a whole number of seconds from 10 to 3600', 'found 5'],
    ['health: {every: 30}', 'health.every: expected one of enabled, everySeconds', 'found an unknown key'],
    ['health: {failuresToOpen: 0}', 'health.failuresToOpen: expected a whole number of checks from 1 to 20', 'found 0'],
    ['health: {successesToClose: two}', 'health.successesToClose: expected a whole number of checks', 'found "two"'],
    ['health: {storedWithinSeconds: 60}', 'health.storedWithinSeconds: expected a whole number of seconds from 1 to 25', 'found 60'],
    ['health: {enabled: "on"}', 'health.enabled: expected true or false', 'found "on"'],
    ['health: {heal: [reboot]}', 'health.heal.0: expected one of migrate, maintain-partitions, restart-worker', 'found "reboot"'],
    ['health: {heal: [migrate, migrate]}', 'health.heal: expected each repair once', 'found migrate twice'],
    ['health: {heal: migrate}', 'health.heal: expected a list', 'found "migrate"'],
    ['alerts: {secret: My_Secret}', 'alerts.secret: expected the name of a Secret', 'found "My_Secret"'],
    ['alerts: {telegram: {}}', 'alerts.telegram: expected one of secret, repeatHours', 'found an unknown key'],
    ['alerts: {repeatHours: 0}', 'alerts.repeatHours: expected a whole number of hours from 1 to 168', 'found 0'],
    ['alerts: {reportHours: 6h}', 'alerts.reportHours: expected a whole number of hours', 'found "6h"'],
    ['alerts: {ports: [8443, 0]}', 'alerts.ports.1: expected a TCP port from 1 to 65535', 'found 0'],
    ['alerts: {ports: 8443}', 'alerts.ports: expected a list', 'found 8443'],
    // backups: what one setting says against another is in backup-settings.test.ts
    ['backup: {store: ftp}', 'backup.store: expected s3, volume or none', 'found "ftp"'],
    ['backup: {every: 1}', 'backup.every: expected one of enabled, everyDays', 'found an unknown key'],
    ['backup: {everyDays: 32}', 'backup.everyDays: expected a whole number of days from 1 to 31', 'found 32'],
    ['backup: {at: "24:00"}', 'backup.at: expected a time of day', 'found "24:00"'],
    ['backup: {timeZone: Berlin}', 'backup.timeZone: expected a time zone', 'found "Berlin"'],
    ['backup: {volume: 8}', 'backup.volume: expected a memory quantity', 'found 8'],
    ['backup: {volume: 8.1Gi}', 'backup.volume: expected a whole number of bytes', 'found "8.1Gi"'],
    ['backup: {scratch: 0.7Gi}', 'backup.scratch: expected a whole number of bytes', 'found "0.7Gi"'],
    ['backup: {scratch: 100Mi}', 'backup.scratch: expected at least 512Mi', 'found "100Mi"'],
    ['backup: {recipients: age1x}', 'backup.recipients: expected a list', 'found "age1x"'],
    ['backup: {recipients: [7]}', 'backup.recipients.0: expected a recipient of age', 'found 7'],
    ['backup: {recipients: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q]}', 'backup.recipients.0: expected a recipient of age (age1..., made by age-keygen)', 'its check digits do not match'],
    ['backup: {recipients: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@example"]}', 'backup.recipients.0: expected a recipient of age', 'found an SSH key, which the library that encrypts here does not know: make a key of its own with age-keygen'],
    ['backup: {s3: {style: dns}}', 'backup.s3.style: expected path or host', 'found "dns"'],
    ['backup: {s3: {region: "eu central"}}', 'backup.s3.region: expected the name of a region', 'found "eu central"'],
    ['backup: {s3: {prefix: glitchtip}}', 'backup.s3.prefix: expected folders with a slash at the end of each', 'found "glitchtip"'],
    ['backup: {s3: {prefix: a/../}}', 'backup.s3.prefix: expected folders', 'found "a/../"'],
    ['backup: {s3: {secret: My_Keys}}', 'backup.s3.secret: expected the name of a Secret', 'found "My_Keys"'],
    ['backup: {s3: {accessKeyId: x}}', 'backup.s3.accessKeyId: expected one of endpoint, bucket', 'found an unknown key'],
    ['backup: {s3: {headers: {authorization: x}}}', 'backup.s3.headers.authorization: expected a header of S3', 'found another'],
    ['backup: {s3: {headers: {x-amz-date: x}}}', 'backup.s3.headers.x-amz-date: expected a header that not every request has anyway', 'found one of those'],
    ['backup: {s3: {headers: {x-amz-server-side-encryption-customer-key: x}}}', 'backup.s3.headers.x-amz-server-side-encryption-customer-key: expected a header without a key', 'no key belongs into this file'],
    ['backup: {s3: {headers: {x-amz-acl: true}}}', 'backup.s3.headers.x-amz-acl: expected the value of a header, in quotes', 'found true'],
    ['backup: {s3: {privateNetworks: [10.1.2.3/8]}}', 'backup.s3.privateNetworks.0: expected a network whose address ends with its prefix', 'found "10.1.2.3/8"'],
    ['backup: {keep: {days: 0}}', 'backup.keep.days: expected a whole number of days from 1 to 3650', 'found 0'],
    ['backup: {keep: {newest: 0}}', 'backup.keep.newest: expected a whole number of copies', 'found 0'],
    ['backup: {mayShrink: ""}', 'backup.mayShrink: expected a reason of at most 200 characters', 'found ""'],
    ['resources: {backup: {limits: {memory: 32Mi}}}', 'resources.backup.limits.memory: expected at least the request (64Mi)', 'found 32Mi'],
    ['resources: []', 'resources: expected a mapping', 'found []'],
    ['- web', 'settings: expected a mapping', 'found ["web"]'],
    ['just text', 'settings: expected a mapping', 'found "just text"'],
  ])('%s', (text, where, found) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(where);
    expect(problems[0]).toContain(found);
  });

  it.each([['a: [', 'line 1'], ['a: 1\na: 2', 'line 2'], ['\tx: 1', 'line 1']])('text that is no YAML (%j) with its line', (text, line) => {
    expect(problemsOf(text)[0]).toContain(line);
  });

  it.each([
    'postgres:17@sha256:abc', `postgres:17@sha256:${'A'.repeat(64)}`, `postgres:17@sha512:${'a'.repeat(64)}`, `postgres:17@sha256:${'a'.repeat(65)}`, 'postgres@17',
    'postgres::17', 'postgres:17:18', 'localhost:5000/postgres', 'docker.io//postgres:17', '-postgres:17', `postgres:${'1'.repeat(129)}`,
  ])('the image %s', (name) => {
    expect(problemsOf(`images: {postgres: "${name}"}`)).toEqual([expect.stringContaining('images.postgres: expected an image with a tag or a digest, or both')]);
  });

  it('all problems at once', () => {
    expect(problemsOf('domain: x\nversion: 1\nretentionDays: -1\nresources: {web: {limits: {memory: 1}}}')).toHaveLength(4);
  });

  it('a password in an address is not repeated', () => {
    expect(problemsOf('email: {url: "smtp://user:hunter2@mail:25"}').join()).not.toContain('hunter2');
    expect(problemsOf('domain: https://user:hunter2@example.com').join()).not.toContain('hunter2');
  });
});

describe('settings that are taken', () => {
  it('none at all: a complete set of defaults', () => {
    expect(loadSettings(undefined)).toMatchObject({ namespace: 'glitchtip', version: '5.2', profile: 'classic', domain: 'http://localhost:9090' });
    expect(parseSettings('')).toEqual(loadSettings(undefined));
  });

  it.each<[string, string, string[]]>([
    ['those that are known, where none are named', 'network: {clients: [a]}', ['10.244.0.0/16']],
    ['those that are known, where there is no network', '', ['10.244.0.0/16']],
    ['those that are named, whatever is known', 'network: {clusterRanges: [10.9.0.0/16]}', ['10.9.0.0/16']],
  ])('the networks of the cluster: %s', (_, text, expected) => expect(parseSettings(text, 'settings.yaml', ['10.244.0.0/16']).network.clusterRanges).toEqual(expected));

  it('of no network at all, whatever is known, says that there is nothing', () => {
    expect(() => parseSettings('network:', 'settings.yaml', ['10.244.0.0/16'])).toThrow('network: expected a mapping, found nothing after the colon');
  });

  it('names with dots, where Kubernetes takes them, and a host that has no neighbours', () => {
    const taken = parseSettings('{https: {secret: errors.example.com-tls}, storage: {className: csi.example.com, postgres: 8.2G, uploads: 2.5Gi}, host: {neighbours: 0Mi}, email: {url: "smtp+tls://mail.example.com:587/?timeout=10"}}');
    expect(taken).toMatchObject({ https: { secret: 'errors.example.com-tls' }, storage: { className: 'csi.example.com' }, host: { neighbours: '0Mi' } });
  });

  it.each([['5.2', '5.2'], ['"5.2"', '5.2'], ['6.2', '6.2'], ['"6.2"', '6.2']])('version %s, quoted or read as a number', (written, version) => {
    expect(parseSettings(`version: ${written}`).version).toBe(version);
  });

  it.each([
    ['5.2', 'docker.io/glitchtip/glitchtip:5.2.1'], ['6.2', 'registry.example.com:5000/mirror/glitchtip:v6.2.6-arm64'], ['6.2', 'glitchtip/glitchtip:6.2.2'], ['6.2', 'glitchtip/glitchtip:6.2'], ['6.2', 'glitchtip/glitchtip:6.2.10'], ['6.2', 'glitchtip/glitchtip:6.2.6@sha256:REST'],
    ['6.2', 'registry.example.com:5000/glitchtip@sha256:REST'], ['6.2', 'registry.example.com/glitchtip:of-ours'], ['5.2', 'registry.example.com/glitchtip:2026-11'],
  ])('version %s with the image %s', (version, image) => {
    const name = image.replace('REST', 'a'.repeat(64));
    expect(parseSettings(JSON.stringify({ version, images: { glitchtip: name } })).images.glitchtip).toBe(name);
  });

  it('a worker of less memory where there is no gateway, and less for what the profile does not have', () => {
    expect(parseSettings('{gateway: {enabled: false}, resources: {worker: {limits: {memory: 150Mi}}}}').resources.worker.limits.memory).toBe('150Mi');
    expect(parseSettings('resources: {single: {limits: {memory: 200Mi}}}').resources.single.limits.memory).toBe('200Mi');
  });

  it('one limit given leaves its neighbours at their defaults', () => {
    expect(parseSettings('resources: {web: {limits: {memory: 400Mi}}}').resources.web).toEqual({
      requests: { cpu: '250m', memory: '150Mi' }, limits: { cpu: '500m', memory: '400Mi' },
    });
  });

  it.each(['https://errors.example.com', 'https://errors.example.com:8443', 'http://localhost:9090', 'http://192.0.2.7:8080', 'http://[::1]:9090', 'https://xn--bcher-kva.example'])('the domain %s', (domain) => {
    expect(parseSettings(`domain: ${domain}`).domain).toBe(domain);
  });

  it.each([
    'postgres:17', 'localhost:5000/postgres:17', 'registry.example.com:5000/team_a/postgres__small:17.2-alpine_1', `postgres@sha256:${'a'.repeat(64)}`,
    `docker.io/library/postgres:17-alpine@sha256:${'0a'.repeat(32)}`, `postgres:latest@sha256:${'a'.repeat(64)}`,
  ])('the image %s', (name) => {
    expect(parseSettings(`images: {postgres: "${name}"}`).images.postgres).toBe(name);
  });

  it('an alias for a whole section', () => {
    const { web, worker } = parseSettings('resources: {web: &small {limits: {memory: 400Mi}}, worker: *small}').resources;
    expect([web.limits.memory, worker.limits.memory]).toEqual(['400Mi', '400Mi']);
  });

  it('a public port, when it is said twice', () => {
    expect(parseSettings('service: {type: NodePort, allowPublic: true}').service.type).toBe('NodePort');
  });
});

describe('the file that settings are read from', () => {
  const before = process.cwd();
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-settings-'));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  it('is settings.yaml where there is one, and none where there is none', () => {
    expect(findSettings(undefined)).toBeUndefined();
    expect(findSettings('')).toBeUndefined();
    writeFileSync('settings.yaml', '');
    expect(findSettings(undefined)).toBe('settings.yaml');
  });

  it('is the one that is named, and that one has to be there', () => {
    writeFileSync('settings.yaml', '');
    expect(findSettings('other.yaml')).toBe('other.yaml');
    expect(() => loadSettings('other.yaml')).toThrow('other.yaml: 1 problem, nothing was written\n  expected a file that can be read, found ENOENT');
    expect(() => loadSettings(folder)).toThrow(/expected a file that can be read, found EISDIR/);
  });

  const text = 'domain: https://errors.example.com\n';
  it.each<[string, Buffer]>([
    ['UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['bytes that are none', Buffer.from('email: {from: "b\u00fccher@example.com"}', 'latin1')],
  ])('is UTF-8, and not %s', (found, bytes) => {
    writeFileSync('settings.yaml', bytes);
    expect(() => loadSettings('settings.yaml')).toThrow(`expected a text in UTF-8, found ${found}`);
  });

  it('may begin with a byte order mark', () => {
    writeFileSync('settings.yaml', `\ufeff${text}`);
    expect(loadSettings('settings.yaml').domain).toBe('https://errors.example.com');
  });

  it('is not passed over for its name', () => {
    writeFileSync('settings.yml', 'domain: https://errors.example.com');
    expect(() => findSettings(undefined)).toThrow('expected the name settings.yaml, found settings.yml');
  });
});
