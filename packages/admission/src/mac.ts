import { type Mac, macBytes, macFromBytes, parseMac } from '@manx/ip';
import { type Problem, problem } from '@manx/model';
import type { Work } from './work.js';

const TRIES = 64;

/** A MAC that no port has: the first three octets of the deployment's, the rest at random. */
export function newMac(work: Work, network: string): Mac | Problem {
  const { settings, random } = work.context;
  const base = parseMac(settings.base_mac);
  const prefix = base === null ? [0xfa, 0x16, 0x3e] : macBytes(base).slice(0, 3);
  for (let tried = 0; tried < TRIES; tried++) {
    const tail = Array.from({ length: 3 }, () => Math.floor(random() * 256));
    const mac = macFromBytes([...prefix, ...tail]);
    if (work.state.countBy('port.mac_address', mac) === 0) return mac;
  }
  return problem('NetworkMacAddressGenerationFailure', { net_id: network });
}

/** The MAC that was asked for, unless another port of the network has it. */
export function askedMac(work: Work, mac: Mac, port: { readonly id: string | null; readonly network_id: string }): Mac | Problem {
  const others = work.state.by('port.mac_address', mac).filter((other) => other.network_id === port.network_id && other.id !== port.id);
  return others.length === 0 ? mac : problem('MacAddressInUse', { mac, net_id: port.network_id });
}
