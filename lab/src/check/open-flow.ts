import { type Responder, serveTcp, talkTcp } from '../wire/tcp-probe.js';
import { patienceMs } from './reach.js';

/** A TCP connection in which the far end keeps talking, and the near one unless it is mute, so that either could bring it back after it was cut. */
export type OpenFlow = {
  /** True when something comes from the far end within the limit. */
  readonly lives: (timeoutMs?: number) => Promise<boolean>;
  readonly close: () => void;
};

/** Opens a flow to a listener of its own and resolves when the far end was heard, or with a flow that never lives. `isMute`: the near end only listens. */
export const openFlow = async (
  from: { readonly netns: string },
  to: { readonly netns: string; readonly address: string; readonly port: number },
  { isMute = false }: { readonly isMute?: boolean } = {},
): Promise<OpenFlow> => {
  const responder: Responder = serveTcp(to.netns, to.address.includes(':') ? 6 : 4, to.port, { chatty: true });
  const talk = talkTcp(from.netns, to, { isMute });
  await talk.hears(patienceMs);
  return {
    lives: async (timeoutMs = patienceMs) => await talk.hears(timeoutMs),
    close: () => {
      talk.close();
      responder.close();
    },
  };
};
