import { describe, expect, it } from 'vitest';
import { isBirdError, parseBgpSessions, parseBirdReply } from './bird-control.js';

describe('BIRD answers', () => {
  it('end with a line of code and space, and not before', () => {
    const text = '0001 BIRD 2.0.12 ready.\n';
    expect(parseBirdReply(text.slice(0, 10))).toBeNull();
    expect(parseBirdReply(text)).toEqual({ code: 1, lines: ['BIRD 2.0.12 ready.'] });
    expect(parseBirdReply('0002-Reading configuration from x\n')).toBeNull();
    expect(parseBirdReply('0002-Reading configuration from x\n0003 Reconfigured\n')?.code).toBe(3);
  });

  it('with an error are told from others', () => {
    const reply = parseBirdReply('0002-Reading configuration from x\n8002 x:3:1 syntax error\n');
    expect(reply !== null && isBirdError(reply)).toBe(true);
    expect(reply?.lines.at(-1)).toBe('x:3:1 syntax error');
  });

  it('list BGP sessions and leave other protocols out', () => {
    const reply = parseBirdReply(
      [
        '2002-Name       Proto      Table      State  Since         Info',
        '1002-device1    Device     ---        up     21:13:51.123  ',
        ' peer-tor1  BGP        ---        up     21:13:52.999  Established   ',
        ' peer-tor2  BGP        ---        start  2026-11-23 21:13:51  Active        Socket: Connection refused',
        ' peer-tor3  BGP        ---        down   21:13:51.123  ',
        '0000 ',
        '',
      ].join('\n'),
    );
    expect(reply === null ? [] : parseBgpSessions(reply)).toEqual([
      { name: 'peer-tor1', state: 'Established' },
      { name: 'peer-tor2', state: 'Active Socket: Connection refused' },
      { name: 'peer-tor3', state: 'Down' },
    ]);
  });
});
