// A Postgres that says one thing and then nothing more: it does not even close.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** AuthenticationOk and ReadyForQuery, of the protocol's version 3. */
const WELCOME = Buffer.from('520000000800000000' + '5a0000000549', 'hex');

/** How a server asks for a password that is not to be shown, and the request. AuthenticationCleartextPassword; AuthenticationMD5Password with a salt. */
export const PASSWORD_REQUESTS: readonly (readonly [string, string])[] = [['in cleartext', '520000000800000003'], ['as MD5', '520000000c0000000501020304']];

export class SilentServer {
  /** What it was sent: the first is the start of the session, which names user and database. */
  readonly sent: Buffer[] = [];

  private constructor(private readonly server: Server, private readonly sockets: readonly Socket[]) {}

  /** @param answer to the start of a session @default it is let in */
  static async start(answer = WELCOME): Promise<SilentServer> {
    const sockets: Socket[] = [];
    const silent = new SilentServer(createServer({ allowHalfOpen: true }), sockets);
    silent.server.on('connection', (socket) => {
      sockets.push(socket);
      socket.once('data', () => socket.write(answer));
      socket.on('data', (data) => silent.sent.push(data));
      socket.on('error', () => undefined);
    });
    silent.server.listen(0, '127.0.0.1');
    await once(silent.server, 'listening');
    return silent;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}
