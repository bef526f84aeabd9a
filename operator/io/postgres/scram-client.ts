// A client of Postgres that shows its password to no server, whatever that asks for.
import { Socket } from 'node:net';
import pg from 'pg';

/**
 * A server chooses how it asks for the password, and pg answers all ways. In SCRAM it learns nothing; in cleartext all of it, and in
 * MD5 what it can try passwords against, and log in elsewhere with.
 */
export class ScramClient extends pg.Client {
  constructor(config: Omit<pg.ClientConfig, 'stream'> & { readonly stream?: () => Socket } = {}) {
    const socket = config.stream?.() ?? new Socket();
    // No copy, which would lack the password: of a pool's options it is not enumerable.
    super(Object.create(config, { stream: { value: () => socket } }) as pg.ClientConfig);
    const requests = [['authenticationCleartextPassword', 'in cleartext'], ['authenticationMD5Password', 'as MD5']] as const;
    for (const [request, how] of requests) {
      // pg's own listener comes after this one, and finds the socket closed.
      this.connection.on(request, () => socket.destroy(new Error(`it asks for the password ${how}, which is refused: SCRAM is expected`)));
    }
  }
}
