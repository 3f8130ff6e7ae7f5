import { describe, expect, it } from 'vitest';
import { isBirdError, parseBgpSessions, parseBirdReply, parseFullSessions } from './bird-control.js';

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

  it('tell of sessions that have reached their limit of routes', () => {
    const session = (name: string, info: string, limit: string, imported: number): string[] => [
      `1002-${name}   BGP        ---        up     18:25:46.401  ${info}   `,
      `1006-  BGP state:          ${info}`,
      '   Channel ipv4',
      `     Import limit:   ${limit}`,
      '       Action:       block',
      `     Routes:         ${imported} imported, 0 exported, 1000 preferred`,
      ' ',
    ];
    const reply = parseBirdReply(
      [
        '2002-Name       Proto      Table      State  Since         Info',
        '1002-device1    Device     ---        up     21:13:51.123  ',
        '1006-',
        ...session('peer-full', 'Established', '1000 [HIT]', 1_000),
        ...session('peer-room', 'Established', '1000 [HIT]', 999),
        ...session('peer-well', 'Established', '1000', 999),
        '0000 ',
        '',
      ].join('\n'),
    );
    expect(reply === null ? [] : parseBgpSessions(reply)).toEqual([
      { name: 'peer-full', state: 'Established, limit of 1000 routes reached' },
      { name: 'peer-room', state: 'Established, limit of 1000 routes reached' },
      { name: 'peer-well', state: 'Established' },
    ]);
    expect(reply === null ? [] : parseFullSessions(reply)).toEqual([
      { name: 'peer-full', imported: 1_000, limit: 1_000 },
      { name: 'peer-room', imported: 999, limit: 1_000 },
    ]);
  });
});
