// One end of flows, started in the network namespace of a pod: tries targets, or listens. Plain JavaScript, for ten start at once.
import { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import net from 'node:net';
import process from 'node:process';
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';

/** The kernel rations refusals: what is forbidden is refused or not answered, in turns. */
const TIMEOUT_MS = 1500;
const PAUSE_MS = 200;
const CLOSED_IN_A_ROW = 3;

/** A DNS question for the address of kubernetes.default (RFC 1035, section 4). */
function question() {
  const header = Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = 'kubernetes.default.svc.cluster.local'.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.concat([header, Buffer.from([...labels, 0, 0, 1, 0, 1])]);
}

/** "open" once it is connected; with a question once that is answered. */
function overTcp({ address, port, asks }) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port });
    const end = (found) => {
      socket.destroy();
      resolve(found);
    };
    socket.setTimeout(TIMEOUT_MS, () => end('closed'));
    socket.once('error', () => end('closed'));
    socket.once('connect', () => {
      if (!asks) return end('open');
      const text = question();
      socket.write(Buffer.concat([Buffer.from([0, text.length]), text]));
    });
    socket.once('data', () => end('open'));
  });
}

function overUdp({ address, port }) {
  return new Promise((resolve) => {
    const socket = dgram.createSocket('udp4');
    const timer = setTimeout(() => end('closed'), TIMEOUT_MS);
    const end = (found) => {
      clearTimeout(timer);
      socket.close();
      resolve(found);
    };
    socket.once('error', () => end('closed'));
    socket.once('message', () => end('open'));
    // Connected, so that a refusal is heard of.
    socket.connect(port, address, () => socket.send(question()));
  });
}

/**
 * Until it is as expected, for what is allowed or forbidden of a new pod takes effect a moment later; at most so long. One success is
 * enough for "open". A busy machine makes an open flow look closed now and then: "closed" has to be seen again and again.
 */
async function attempt(target, deadline) {
  for (let alike = 0, before = ''; ;) {
    const found = await (target.protocol === 'UDP' ? overUdp(target) : overTcp(target));
    alike = found === before ? alike + 1 : 1;
    before = found;
    if (found === target.expected && alike >= (found === 'closed' ? CLOSED_IN_A_ROW : 1)) return found;
    if (found !== target.expected && Date.now() > deadline) return found;
    await sleep(PAUSE_MS);
  }
}

/** Takes every connection, or answers every packet. */
function listenOn({ port, host, protocol }) {
  return new Promise((resolve, reject) => {
    if (protocol !== 'UDP') return net.createServer((socket) => socket.end()).once('error', reject).listen(port, host, resolve);
    const socket = dgram.createSocket('udp4').once('error', reject).bind(port, host, resolve);
    socket.on('message', (text, sender) => socket.send(text, sender.port, sender.address));
  });
}

const { targets = [], seconds = 0, listen = [] } = JSON.parse(process.argv[2]);
await Promise.all(listen.map(listenOn));
const deadline = Date.now() + seconds * 1000;
process.stdout.write(JSON.stringify(await Promise.all(targets.map((target) => attempt(target, deadline)))));
