/**
 * What hosts do with what only this folder's resources say. False: they do not yet, so what would ask them for it is refused, and the extension is
 * not listed. Whoever teaches the hosts sets it true.
 */
export const HOST_ABILITIES: { readonly logsPackets: boolean; readonly peersByApi: boolean } = {
  /** `log`s with `enabled: true`: accepted and dropped packets of a group. */
  logsPackets: false,
  /** `bgp_peer`s of speakers: BIRD's sessions beside those of the host's own file. */
  peersByApi: false,
};
