/**
 * What hosts do with what only this folder's resources say. False: they do not yet, so what would ask them for it is refused, and the extension is
 * not listed. Whoever teaches the hosts sets it true.
 */
export const HOST_ABILITIES: { readonly logsPackets: boolean } = {
  /** `log`s with `enabled: true`: accepted and dropped packets of a group. */
  logsPackets: false,
};
