import { createConnection, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeKubectl, type FakeKubectl } from '../fake-kubectl.js';
import { runCli } from '../running-command.js';
import { resourceJson } from '../cli-scenarios.js';

let kubectl: FakeKubectl;
beforeEach(() => { kubectl = fakeKubectl(); kubectl.prepare('resource', resourceJson()); });
afterEach(() => kubectl.remove());

/** A port-forward that does this with a connection. */
const forwarder = (onConnection: string): string => `
const [local, remote] = process.argv.find((word) => /^\\d+:\\d+$/.test(word)).split(':');
require('node:net').createServer((socket) => { ${onConnection} }).listen(Number(local), '127.0.0.1', () => console.log('Forwarding from 127.0.0.1:' + local + ' -> ' + remote));
`;
const loses = forwarder('console.error("error: lost connection to pod"); process.exit(1);');
const hangs = forwarder('console.error("E0101 portforward.go:424] \\"Unhandled Error\\" err=\\"an error occurred forwarding: error forwarding port 8080 to pod\\""); socket.destroy();');
const serves = forwarder('socket.end("served");');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function read(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.on('data', (data) => { text += String(data); });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

describe('open', () => {
  it('connects again when kubectl dies, when it hangs on a pod that is gone, and when there is no pod yet', async () => {
    kubectl.prepare('forward', loses, hangs, { error: 'error: unable to forward port because pod is not running. Current status=Pending\n' }, serves);
    const port = await freePort();
    const served = async (): Promise<void> => {
      while ((await read(port)) !== 'served') await sleep(50);
    };
    const { code, json } = await runCli(['open', '--port', String(port), '--json'], { until: served });
    expect(code).toBe(0);
    expect(json[0]).toMatchObject({ state: 'started', url: `http://localhost:${port}`, administrator: 'admin@example.com', passwordCommand: expect.stringContaining('get secret glitchtip-admin') });
    expect(json.slice(1).map(({ state }) => state)).toEqual(['open', 'broken', 'open', 'broken', 'broken', 'open']);
    expect(json[5]).toMatchObject({ message: 'unable to forward port because pod is not running. Current status=Pending' });
    const forwards = kubectl.calls().filter((call) => call.startsWith('port-forward'));
    expect(new Set(forwards)).toEqual(new Set([`port-forward --namespace glitchtip --address 127.0.0.1 service/web ${port}:8080`]));
    expect(forwards).toHaveLength(4);
  }, 60_000);

  it('says the address, and how to read the password without printing it', async () => {
    kubectl.prepare('forward', serves);
    const { printed } = await runCli(['open', '--port', String(await freePort())]);
    expect(printed).toMatch(/http:\/\/localhost:\d+ .*\n.*admin@example\.com\n.*kubectl --namespace glitchtip get secret glitchtip-admin/);
  }, 30_000);

  it('refuses a port that another program has, before anything else', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await runCli(['open', '--port', String(port)])).toMatchObject({ code: 1, notes: expect.stringContaining('is taken by another program') });
    server.close();
  });

  it.each(['0', '65536', 'http'])('refuses %s as a port', async (port) => {
    expect(await runCli(['open', '--port', port])).toMatchObject({ code: 2, notes: expect.stringContaining(`--port: expected a whole number from 1 to 65535, found "${port}"`) });
  });
});
