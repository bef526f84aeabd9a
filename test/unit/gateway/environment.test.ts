// The gateway's configuration: what it refuses to start with.
import { describe, expect, it } from '@jest/globals';
import { readGatewayConfig } from '../../../gateway/environment.js';

describe('the configuration', () => {
  it('keeps the control port apart from the port for SDKs and people', () => {
    expect(readGatewayConfig({ RELEASE: '5.2' })).toMatchObject({ port: 8_080, controlPort: 9_465 });
    expect(() => readGatewayConfig({ RELEASE: '5.2', PORT: '8080', CONTROL_PORT: '8080' })).toThrow('CONTROL_PORT: expected another port than PORT, for what it does is not for everybody, found 8080');
  });

  it('may leave both to the system, as tests do', () => {
    expect(readGatewayConfig({ RELEASE: '5.2', PORT: '0', CONTROL_PORT: '0' })).toMatchObject({ port: 0, controlPort: 0 });
  });
});
