import type { PortNames } from '@manx/hoststate';
import { asIp, ipValue } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerQuery } from './answer-query.js';
import { type Query, readQuery } from './read-query.js';
import { reversedIp } from './reverse-name.js';
import { question } from './testing/questions.js';
import { FLAG, TYPE } from './wire.js';
import { handOn, writeForwarded, writeReply } from './write-message.js';
import { ZoneBook } from './zone-book.js';

const names = (id: string, more: Partial<PortNames>, ...records: readonly string[]): PortNames => ({
  kind: 'names',
  id,
  network: 'net',
  project: 'blue',
  records: records.map((text) => {
    const [ip = '', fqdn = ''] = text.split('=');
    return { ip: asIp(ip), fqdn };
  }),
  ...more,
});

const ALL = [
  names('web', {}, '10.65.0.2=web.a.example', 'fd00:65::2=web.a.example'),
  names('db-1', {}, '10.65.0.3=db.a.example'),
  names('db-2', {}, '10.65.0.4=db.a.example'),
  names('deep', {}, '10.65.0.5=www.deep.a.example'),
  names('red', { project: 'red' }, '10.65.0.9=secret.a.example'),
  names('other', { network: 'net-b' }, '10.66.0.2=other.a.example'),
];
const book = new ZoneBook();
book.want(new Map(ALL.map((one) => [one.id, one])));

const ask = (text: string, type: number = TYPE.a, message = question(text, type)): Query => {
  const read = readQuery(message);
  if (read === null || 'rcode' in read) throw new Error('no question');
  return read;
};

/** What a port is answered: the code, `aa` where the host knows best, and what was found. */
const told = (port: string, query: Query, hasForwarders = false): string => {
  const reply = answerQuery(query, book.zoneOfPort(port), hasForwarders);
  if (reply === 'forward') return reply;
  const found = reply.answers.map((answer) => (answer.kind === 'address' ? answer.ip : answer.fqdn));
  return [reply.rcode, ...(reply.isAuthoritative ? ['aa'] : []), ...found].join(' ');
};

describe('S28: what a port is told', () => {
  it.each([
    ['its own name', 'web.a.example', TYPE.a, '0 aa 10.65.0.2'],
    ['in IPv6', 'web.a.example', TYPE.aaaa, '0 aa fd00:65::2'],
    ['whatever the case of the letters', 'WeB.A.exAMple', TYPE.a, '0 aa 10.65.0.2'],
    ['all addresses of a name that two have', 'db.a.example', TYPE.a, '0 aa 10.65.0.3 10.65.0.4'],
    ['nothing of a type that there is none of, which is no error', 'db.a.example', TYPE.aaaa, '0 aa'],
    ['no mail server, either', 'db.a.example', 15, '0 aa'],
    ['any', 'web.a.example', TYPE.any, '0 aa 10.65.0.2 fd00:65::2'],
    ['the name of an address', '3.0.65.10.in-addr.arpa', TYPE.ptr, '0 aa db.a.example'],
    ['of an IPv6 one', `2.${'0.'.repeat(23)}5.6.0.0.0.0.d.f.ip6.arpa`, TYPE.ptr, '0 aa web.a.example'],
    ['the address that a name says', 'host-10-65-7-7.a.example', TYPE.a, '0 aa 10.65.7.7'],
    ['in IPv6', 'host-fd00-65--9.a.example', TYPE.aaaa, '0 aa fd00:65::9'],
    ['one that ends in zeros', 'host-fd00-65--0.a.example', TYPE.aaaa, '0 aa fd00:65::'],
    ['not in another form', 'host-fd00-65-0-0-0-0-0-9.a.example', TYPE.aaaa, '3 aa'],
    ['no address that is none', 'host-10-65-7-256.a.example', TYPE.a, '3 aa'],
    ['nor in a domain of nobody’s', 'host-10-65-7-7.b.example', TYPE.a, '5'],
    ['a name below which others are', 'deep.a.example', TYPE.a, '0 aa'],
    ['a name that nobody has', 'nobody.a.example', TYPE.a, '3 aa'],
    ['a name of another project on its network', 'secret.a.example', TYPE.a, '3 aa'],
    ['a name of its project on another network', 'other.a.example', TYPE.a, '3 aa'],
    ['an address of another project', '9.0.65.10.in-addr.arpa', TYPE.ptr, '5'],
    ['what is out in the world', 'example.org', TYPE.a, '5'],
    ['a zone transfer', 'a.example', 252, '5'],
    ['what is no name', 'a b.a.example', TYPE.a, '5'],
  ])('%s', (_, name, type, expected) => {
    expect(told('web', ask(name, type))).toBe(expected);
  });

  it.each([
    ['an own name stays here', 'web.a.example', TYPE.a, '0 aa 10.65.0.2'],
    ['a type that it has none of, too', 'db.a.example', TYPE.aaaa, '0 aa'],
    ['what nobody here has is asked for elsewhere, in our domains as well', 'nobody.a.example', TYPE.a, 'forward'],
    ['a foreign address', '9.0.65.10.in-addr.arpa', TYPE.ptr, 'forward'],
    ['what is no host name', 'a b', TYPE.a, 'forward'],
    ['a zone transfer is not', 'example.org', 252, '5'],
  ])('with forwarders: %s', (_, name, type, expected) => {
    expect(told('web', ask(name, type), true)).toBe(expected);
  });

  it('others see their own, and a port without a name nothing', () => {
    expect(told('red', ask('secret.a.example'))).toBe('0 aa 10.65.0.9');
    expect(told('red', ask('web.a.example'))).toBe('3 aa');
    expect(told('stranger', ask('web.a.example'))).toBe('5');
  });

  it('who does not desire recursion gets none, and classes other than IN are refused', () => {
    expect(told('web', ask('', TYPE.a, question('example.org', 1, { flags: 0 })), true)).toBe('5');
    expect(told('web', { ...ask('version.bind', 16), class: 3 }, true)).toBe('5');
  });
});

describe('messages', () => {
  const reply = { rcode: 0, answers: [{ kind: 'address', ip: asIp('10.65.0.2') }], isAuthoritative: true } as const;

  it('an answer repeats the question to the letter and points to it', () => {
    const text = writeReply(ask('', 1, question('WeB.a', 1, { id: 0x1234 })), reply, { limit: 512, canRecurse: false }).toString('hex');
    expect(text).toBe('1234850000010001000000000357654201610000010001c00c000100010000000000040a410002');
  });

  it('what is longer than the asker takes is cut to the question and marked, never cut in a record', () => {
    const answers = Array.from({ length: 40 }, (_, n) => ({ kind: 'address', ip: asIp(`10.65.1.${n}`) }) as const);
    const query = ask('web.a');
    const cut = writeReply(query, { ...reply, answers }, { limit: 512, canRecurse: false });
    expect([cut.length, cut.readUInt16BE(2) & FLAG.truncated, cut.readUInt16BE(6)]).toEqual([
      12 + query.question.length,
      FLAG.truncated,
      0,
    ]);
    expect(writeReply(query, { ...reply, answers }, { limit: 65_535, canRecurse: false }).readUInt16BE(6)).toBe(40);
  });

  it('a forwarded question carries nothing of the asker’s but the question, the DNSSEC bit and what it takes, under another id', () => {
    const opt = Buffer.from('0000291000000080000008000a000448656c6f', 'hex');
    const query = ask('', 1, question('a', 1, { id: 1, opt }));
    expect(query.edns).toMatchObject({ bytes: 4096, isDnssec: true });
    const sent = writeForwarded(query, 0xabcd);
    expect(sent.toString('hex')).toBe(`abcd01000001000000000001${query.question.toString('hex')}00002904d0000080000000`);
  });

  it('an answer from elsewhere is handed on under the asker’s id, and cut when it is longer than the asker takes', () => {
    const query = ask('', 1, question('a', 1, { id: 5 }));
    const answer = Buffer.concat([question('a', 1, { id: 9, flags: 0x85_80 }), Buffer.alloc(600)]);
    expect(handOn(query, answer, 1_000).subarray(2)).toEqual(answer.subarray(2));
    expect(handOn(query, answer, 1_000).readUInt16BE(0)).toBe(5);
    const cut = handOn(query, answer, 512);
    expect([cut.length, cut.readUInt16BE(2)]).toEqual([12 + query.question.length, 0x83_80]);
  });
});

describe('reverse names', () => {
  it('name every address, and nothing else', () => {
    const any = fc.oneof(
      fc.ipV4().map((text) => ({ ip: asIp(text), name: `${text.split('.').toReversed().join('.')}.in-addr.arpa` })),
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => {
        const nibbles = value.toString(16).padStart(32, '0');
        return { value, name: `${nibbles.split('').toReversed().join('.')}.ip6.arpa` };
      }),
    );
    fc.assert(
      fc.property(any, (one) => {
        const ip = reversedIp(one.name);
        if ('ip' in one) expect(ip).toBe(one.ip);
        else expect(ip === null ? null : ipValue(ip)).toBe(one.value);
      }),
    );
    for (const none of [
      'in-addr.arpa',
      '1.2.3.in-addr.arpa',
      '01.0.0.10.in-addr.arpa',
      '256.0.0.10.in-addr.arpa',
      '1.ip6.arpa',
      'www.example',
    ])
      expect(reversedIp(none)).toBeNull();
  });
});

describe('zones', () => {
  it('after any changes they answer as zones that were made at once', () => {
    const one = fc
      .record({
        id: fc.constantFrom('p', 'q', 'r'),
        project: fc.constantFrom('blue', 'red'),
        ip: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'),
        fqdn: fc.constantFrom('a.example', 'b.example', 'x.a.example', 'bare'),
      })
      .map(({ id, project, ip, fqdn }) => names(id, { project }, `${ip}=${fqdn}`));
    // No two ports have an address (S12).
    const states = fc
      .uniqueArray(one, { maxLength: 3, selector: ({ records }) => records[0]?.ip })
      .map((list) => new Map(list.map((names) => [names.id, names])));
    const asked = ['a.example', 'b.example', 'x.a.example', 'bare', 'example', '1.0.0.10.in-addr.arpa', 'z.example'].map((name) =>
      ask(name, TYPE.any),
    );
    fc.assert(
      fc.property(fc.array(states, { minLength: 1, maxLength: 5 }), (all) => {
        const [kept, fresh] = [new ZoneBook(), new ZoneBook()];
        for (const state of all) kept.want(state);
        const last = all.at(-1) ?? new Map<string, PortNames>();
        fresh.want(last);
        for (const id of [...last.keys(), 'gone'])
          for (const query of asked)
            expect(answerQuery(query, kept.zoneOfPort(id), false)).toEqual(answerQuery(query, fresh.zoneOfPort(id), false));
      }),
    );
  });
});
