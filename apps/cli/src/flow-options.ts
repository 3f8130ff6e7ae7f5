import { type Command, InvalidArgumentError, Option } from 'commander';

/** What flow the command line means. */
export type FlowOptions = {
  readonly tcp?: number;
  readonly udp?: number;
  readonly sctp?: number;
  readonly icmp?: string | true;
  readonly proto?: string;
  readonly fromPort?: number;
  readonly ip?: '4' | '6';
};

const port = (text: string): number => {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535) throw new InvalidArgumentError('Expected a port, 0 to 65535.');
  return value;
};

const typeAndCode = (text: string): string => {
  if (!/^\d{1,3}(\/\d{1,3})?$/.test(text) || text.split('/').some((part) => Number(part) > 255))
    throw new InvalidArgumentError('Expected TYPE or TYPE/CODE, each 0 to 255.');
  return text;
};

/** Adds the options that say what flow is meant; without any it is a ping. */
export const addFlowOptions = (command: Command): Command => {
  const others = ['tcp', 'udp', 'sctp', 'icmp', 'proto'];
  const one = (flags: string, description: string): Option => {
    const option = new Option(flags, description);
    return option.conflicts(others.filter((name) => name !== option.attributeName()));
  };
  return command
    .addOption(one('--tcp <port>', 'TCP to this port').argParser(port))
    .addOption(one('--udp <port>', 'UDP to this port').argParser(port))
    .addOption(one('--sctp <port>', 'SCTP to this port').argParser(port))
    .addOption(one('--icmp [type/code]', 'ICMP of this type and code (default: a ping, as without any)').argParser(typeAndCode))
    .addOption(one('--proto <n>', 'another IP protocol, by number or name'))
    .option('--from-port <port>', "the sender's port; matters to the answers of stateless groups", port)
    .addOption(new Option('--ip <version>', 'only IPv4 or only IPv6').choices(['4', '6']));
};

/** The flow as the API's requests say it. */
export const flowBody = ({ tcp, udp, sctp, icmp, proto, fromPort, ip }: FlowOptions): object => {
  const common = { ...(fromPort === undefined ? {} : { source_port: fromPort }), ...(ip === undefined ? {} : { ip_version: Number(ip) }) };
  if (tcp !== undefined) return { protocol: 'tcp', port: tcp, ...common };
  if (udp !== undefined) return { protocol: 'udp', port: udp, ...common };
  if (sctp !== undefined) return { protocol: 'sctp', port: sctp, ...common };
  if (proto !== undefined) return { protocol: /^\d+$/.test(proto) ? Number(proto) : proto, ...common };
  const [type, code] = typeof icmp === 'string' ? icmp.split('/').map(Number) : [];
  return {
    protocol: 'icmp',
    ...(type === undefined ? {} : { icmp_type: type }),
    ...(code === undefined ? {} : { icmp_code: code }),
    ...common,
  };
};
