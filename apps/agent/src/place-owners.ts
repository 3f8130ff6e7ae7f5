import type { HostState } from '@manx/hoststate';

/** Who is at each tap, and at each floating IP, of a host: port ids. The same state gives the same answer, by reference. */
export const placeOwners = (state: HostState | null): ReadonlyMap<string, string> => {
  if (state === null) return NOBODY;
  const known = memory.get(state);
  if (known !== undefined) return known;
  const owners = new Map(
    [...state.endpoints.values()].flatMap(({ id, ifname, floating, forwards, floatingLimits }) =>
      [ifname, ...[...floating, ...forwards, ...floatingLimits].map(({ ip }) => ip)].map((place) => [place as string, id] as const),
    ),
  );
  memory.set(state, owners);
  return owners;
};

const NOBODY: ReadonlyMap<string, string> = new Map();

const memory = new WeakMap<HostState, ReadonlyMap<string, string>>();
