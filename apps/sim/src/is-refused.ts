/** Whether an id is of the given share (0 to 1) of all ids: the same answer each time, by FNV-1a over its characters. */
export const isRefused = (id: string, share: number): boolean => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return (hash >>> 0) / 0x1_0000_0000 < share;
};
