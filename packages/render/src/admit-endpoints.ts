import type { Endpoint, HostState } from '@manx/hoststate';
import type { RenderProblem } from './host-plan.js';
import { isTapName } from './nft/names.js';
import { remember } from './remember.js';

/** The endpoints that are to be programmed, by id; and why others are not. */
export type AdmittedEndpoints = { readonly endpoints: readonly Endpoint[]; readonly problems: readonly RenderProblem[] };

/**
 * The endpoints that may pass traffic at all, sorted by id. Of one that is down (S19) nothing passes, as of an interface that
 * nobody knows (S20), but that its drops have a reason of their own. Two endpoints that claim one interface both stay shut: which of them is right cannot be known here.
 */
export function admitEndpoints(state: HostState): AdmittedEndpoints {
  return admit(state.endpoints);
}

const admit = remember((byId: HostState['endpoints']): AdmittedEndpoints => {
  const problems: RenderProblem[] = [];
  const all = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const claims = new Map<string, number>();
  for (const { ifname } of all) claims.set(ifname, (claims.get(ifname) ?? 0) + 1);
  const endpoints = all.filter(({ id, ifname, isUp }) => {
    if (!isTapName(ifname)) {
      problems.push({ code: 'bad_name', subject: id, detail: `not the name of a tap: ${JSON.stringify(ifname)}` });
      return false;
    }
    if ((claims.get(ifname) ?? 0) > 1) {
      problems.push({ code: 'name_taken', subject: id, detail: `more than one port is plugged into ${ifname}` });
      return false;
    }
    return isUp;
  });
  return { endpoints, problems };
});
