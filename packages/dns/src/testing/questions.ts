type Parts = { readonly id?: number; readonly flags?: number; readonly counts?: readonly number[]; readonly opt?: Buffer };

/** A question as resolvers ask it: id 7, recursion desired, class IN; type A unless told. */
export function question(
  name: string,
  type = 1,
  { id = 7, flags = 0x01_00, opt, counts = [1, 0, 0, opt === undefined ? 0 : 1] }: Parts = {},
): Buffer {
  const header = Buffer.alloc(12);
  for (const [index, value] of [id, flags, ...counts].entries()) header.writeUInt16BE(value, index * 2);
  const labels =
    name === '' ? [] : name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
  const tail = Buffer.from([0, 0, 0, 0, 1]);
  tail.writeUInt16BE(type, 1);
  return Buffer.concat([header, ...labels, tail, opt ?? Buffer.alloc(0)]);
}
