import { type Attribute, cString, decodeAttributes, encodeAttributes, nested, readCString } from '../netlink/attribute.js';
import { type NetlinkRequest, NLM_F_CREATE } from '../netlink/message.js';
import { EGRESS_PARENT, INGRESS_HANDLE, TCA_KIND, TCA_OPTIONS, tcHeader } from './qdisc-codec.js';

export const RTM_NEWTFILTER = 44;
export const RTM_DELTFILTER = 45;
export const RTM_GETTFILTER = 46;
const HEADER = 20; // struct tcmsg
const TCA_U32_SEL = 5;
const TCA_U32_ACT = 7;
const TC_U32_TERMINAL = 1;
const TCA_ACT_KIND = 1;
const TCA_ACT_OPTIONS = 2;
const TCA_MIRRED_PARMS = 2;
const TCA_EGRESS_REDIR = 1;
const TCA_INGRESS_REDIR = 3;
const TC_ACT_STOLEN = 4;
const ETH_P_ALL = 0x0003;
/** Before any filter that somebody else may add. */
const PRIORITY = 1;
const U32_SEL = 16; // struct tc_u32_sel, without its keys
const U32_KEY = 16; // struct tc_u32_key
const MIRRED = 28; // struct tc_mirred

type Lead = { readonly ifindex: number; readonly to: number };

/** Leads all that comes in by an interface out by another one, which must be up: the kernel drops it otherwise (net/sched/act_mirred.c). */
export const encodeRedirectPut = (lead: Lead): NetlinkRequest => encodeLead(lead, { parent: INGRESS_HANDLE, how: TCA_EGRESS_REDIR });

/** Lets all that is sent by an interface come in by another one, which must be up, as if it had been received there. */
export const encodeInjectionPut = (lead: Lead): NetlinkRequest => encodeLead(lead, { parent: EGRESS_PARENT, how: TCA_INGRESS_REDIR });

const encodeLead = ({ ifindex, to }: Lead, { parent, how }: { readonly parent: number; readonly how: number }): NetlinkRequest => {
  // One key without a bit that counts: everything.
  const selector = Buffer.alloc(U32_SEL + U32_KEY);
  selector.writeUInt8(TC_U32_TERMINAL, 0);
  selector.writeUInt8(1, 2);
  const mirred = Buffer.alloc(MIRRED);
  mirred.writeInt32LE(TC_ACT_STOLEN, 8);
  mirred.writeInt32LE(how, 20);
  mirred.writeUInt32LE(to, 24);
  const action: Attribute = nested(1, [
    cString(TCA_ACT_KIND, 'mirred'),
    nested(TCA_ACT_OPTIONS, [{ type: TCA_MIRRED_PARMS, value: mirred }]),
  ]);
  return {
    type: RTM_NEWTFILTER,
    flags: NLM_F_CREATE,
    payload: Buffer.concat([
      tcHeader({ ifindex, handle: 0, parent, info: info() }),
      encodeAttributes([
        cString(TCA_KIND, 'u32'),
        nested(TCA_OPTIONS, [{ type: TCA_U32_SEL, value: selector }, nested(TCA_U32_ACT, [action])]),
      ]),
    ]),
  };
};

/** Payload that asks for the filters of what comes in by an interface. */
export const encodeFilterDump = (ifindex: number): Buffer => tcHeader({ ifindex, handle: 0, parent: INGRESS_HANDLE });

/** The interface that a filter leads everything to, 0 for one that is gone; null for any other filter. */
export const decodeRedirect = (payload: Buffer): number | null => {
  if (payload.length < HEADER) return null;
  const attributes = decodeAttributes(payload.subarray(HEADER));
  if (readCString(attributes.get(TCA_KIND) ?? Buffer.alloc(0)) !== 'u32') return null;
  const options = decodeAttributes(attributes.get(TCA_OPTIONS) ?? Buffer.alloc(0));
  for (const bytes of decodeAttributes(options.get(TCA_U32_ACT) ?? Buffer.alloc(0)).values()) {
    const action = decodeAttributes(bytes);
    if (readCString(action.get(TCA_ACT_KIND) ?? Buffer.alloc(0)) !== 'mirred') continue;
    const mirred = decodeAttributes(action.get(TCA_ACT_OPTIONS) ?? Buffer.alloc(0)).get(TCA_MIRRED_PARMS);
    if (mirred !== undefined && mirred.length >= MIRRED && mirred.readInt32LE(20) === TCA_EGRESS_REDIR) return mirred.readUInt32LE(24);
  }
  return null;
};

/** Priority and protocol, the latter in network order (TC_H_MAKE in tc(8)). */
const info = (): number => PRIORITY * 0x1_00_00 + ((ETH_P_ALL << 8) & 0xff_00);
