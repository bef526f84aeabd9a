// Stands between one call and Valkey, so that a fault can fall between two of its commands: the product's own client speaks, over a real connection.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { ValkeyAddress } from '../../operator/controllers/ports.js';

/** Makes a command and resolves to its answer; or throws, which breaks the client's connection and leaves the server's open. */
export type OnCommand = (command: string, make: () => Promise<string>) => Promise<string>;

/** Runs `use` against an address behind which every command that changes users, numbered from 1, goes through `onCommand`. */
export async function throughCommands<T>(target: ValkeyAddress, onCommand: OnCommand, use: (address: ValkeyAddress) => Promise<T>): Promise<T> {
  const between = createServer((client) => forward(client, connect(target.port, target.host), onCommand));
  between.listen(0, '127.0.0.1');
  await once(between, 'listening');
  try {
    return await use({ host: '127.0.0.1', port: (between.address() as AddressInfo).port });
  } finally {
    between.close();
  }
}

/** The product waits for the answer to each of these commands, so what came until then is one command. */
function forward(client: Socket, server: Socket, onCommand: OnCommand): void {
  let number = 0;
  let text = '';
  let answered: ((answer: string) => void) | undefined;
  for (const socket of [client, server]) socket.on('error', () => client.destroy());
  client.on('end', () => server.end());
  // Held for a late command, it keeps nobody from ending.
  client.on('close', () => server.unref());
  server.on('data', (piece) => (answered ? answered(piece.toString('latin1')) : client.write(piece)));
  client.on('data', (piece) => {
    text += piece.toString('latin1');
    const words = readCommand(text);
    if (!words) return;
    const command = text;
    text = '';
    if (words[0] !== 'ACL' || !['SETUSER', 'DELUSER', 'SAVE'].includes(words[1] ?? '')) {
      server.write(command, 'latin1');
      return;
    }
    const make = () => new Promise<string>((resolve, reject) => {
      answered = (answer) => (/^[+:]/.test(answer) ? resolve(answer) : reject(new Error(answer)));
      server.once('close', () => reject(new Error('Valkey closed the connection')));
      server.write(command, 'latin1');
    }).finally(() => {
      answered = undefined;
    });
    onCommand(`${++number} ${words.slice(1, 3).join(' ')}`, make).then((answer) => client.write(answer, 'latin1'), () => client.destroy());
  });
}

/** An array of strings (https://valkey.io/topics/protocol/); undefined while some of it is still to come. */
function readCommand(text: string): readonly string[] | undefined {
  const lines = text.split('\r\n');
  const count = Number(lines[0]?.slice(1));
  return lines.length < 2 * count + 2 ? undefined : lines.slice(1, -1).filter((_, index) => index % 2 === 1);
}
