import { createHmac } from 'node:crypto';
import { asHostName } from '@manx/hoststate';
import { describe, expect, it } from 'vitest';
import { agentToken, verifyAgentToken } from './token.js';

const h1 = asHostName('h1');

describe('tokens of agents', () => {
  it('a token is base64url(HMAC-SHA256(secret, "manx-agent:" + host))', () => {
    const expected = createHmac('sha256', 'secret').update('manx-agent:h1').digest('base64');
    expect(agentToken('secret', h1)).toBe(expected.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''));
    expect(agentToken(Buffer.from('secret'), h1)).toBe(agentToken('secret', h1));
  });

  it('it opens its own host with its own secret, and nothing else does', () => {
    const token = agentToken('secret', h1);
    expect(verifyAgentToken('secret', h1, token)).toBe(true);
    expect(verifyAgentToken('secret', asHostName('h2'), token)).toBe(false);
    expect(verifyAgentToken('other', h1, token)).toBe(false);
    for (const wrong of ['', 'x', token.slice(0, -1), `${token}A`, token.toLowerCase(), `é${token.slice(1)}`]) {
      expect(verifyAgentToken('secret', h1, wrong), wrong).toBe(false);
    }
  });
});
