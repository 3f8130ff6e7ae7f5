import { createHmac, timingSafeEqual } from 'node:crypto';
import type { HostName } from '@manx/hoststate';

/** The token by which the agent of one host is known: base64url(HMAC-SHA256(secret, "manx-agent:" + host)), 43 characters. */
export function agentToken(secret: string | Uint8Array, host: HostName): string {
  return createHmac('sha256', secret).update(`manx-agent:${host}`).digest('base64url');
}

/** Whether the token is this host's; the time it takes tells nothing about the right one. */
export function verifyAgentToken(secret: string | Uint8Array, host: HostName, token: string): boolean {
  const expected = Buffer.from(agentToken(secret, host));
  const given = Buffer.from(token);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
