import { closeSync, fstatSync, writeFileSync } from 'node:fs';
import koffi from 'koffi';
import { Fault } from '../fault.js';
import { closeOnExec, openMemoryFile } from '../netlink/libc.js';
import { oneAtATime } from '../one-at-a-time.js';
import { holdTable, isOrphan, netfilterSockets } from './hold-table.js';
import { type Nftables, NftFault, type NftObject, type NftTableKey, parseNftListing, tablesOf } from './nftables.js';
import { applyElements } from './set-elements.js';

// include/nftables/libnftables.h
const NFT_CTX_DEFAULT = 0;
const NFT_CTX_OUTPUT_JSON = 1 << 4;
const NFT_CTX_OUTPUT_NUMERIC_PROTO = 1 << 7;
/** Longer texts are run on another thread, so that this one goes on. */
const SYNCHRONOUS_CHARACTERS = 16_384;
/** A context that is renewed now and then cannot grow without end. */
const MAX_CONTEXT_RUNS = 20_000;

type Context = { readonly __brand: 'nft_ctx' };
/** A context, and the socket by which it speaks to the kernel, which is what owns a table; null when it was not found. */
type Session = { readonly context: Context; readonly socket: { readonly fd: number; readonly inode: number } | null };
type Run = ((context: Context, path: string) => number) & {
  readonly async: (context: Context, path: string, done: (error: Error | null, status: number) => void) => void;
};
type Library = {
  readonly open: (flags: number) => Context | null;
  readonly free: (context: Context) => void;
  readonly bufferOutput: (context: Context) => number;
  readonly bufferError: (context: Context) => number;
  readonly output: (context: Context) => string | null;
  readonly error: (context: Context) => string | null;
  readonly setOutputFlags: (context: Context, flags: number) => void;
  readonly setDryRun: (context: Context, isDry: boolean) => void;
  readonly run: Run;
};

let loaded: Library | null = null;

const loadLibrary = (): Library => {
  if (loaded !== null) return loaded;
  try {
    const library = koffi.load('libnftables.so.1');
    loaded = {
      open: library.func('void *nft_ctx_new(uint32_t flags)') as Library['open'],
      free: library.func('void nft_ctx_free(void *ctx)') as Library['free'],
      bufferOutput: library.func('int nft_ctx_buffer_output(void *ctx)') as Library['bufferOutput'],
      bufferError: library.func('int nft_ctx_buffer_error(void *ctx)') as Library['bufferError'],
      output: library.func('const char *nft_ctx_get_output_buffer(void *ctx)') as Library['output'],
      error: library.func('const char *nft_ctx_get_error_buffer(void *ctx)') as Library['error'],
      setOutputFlags: library.func('void nft_ctx_output_set_flags(void *ctx, uint32_t flags)') as Library['setOutputFlags'],
      setDryRun: library.func('void nft_ctx_set_dry_run(void *ctx, bool dry)') as Library['setDryRun'],
      run: library.func('int nft_run_cmd_from_filename(void *ctx, const char *path)') as unknown as Run,
    };
    return loaded;
  } catch (cause) {
    throw new Fault({
      code: 'missing',
      op: 'load',
      subject: 'libnftables.so.1',
      detail: `it cannot be loaded (${(cause as Error).message}); install the Debian package libnftables1`,
      cause,
    });
  }
};

type Task = { readonly text: string; readonly isDry?: boolean; readonly isJson?: boolean };
type Result = { readonly status: number; readonly output: string; readonly error: string };

/** Opens nftables through libnftables, in the network namespace that the process is in. Throws Fault (`missing`) without the library. */
export const openLibnftables = (): Nftables => {
  const library = loadLibrary();
  let session = newSession(library);
  let held: readonly NftTableKey[] = [];
  let runs = 0;
  const line = oneAtATime();

  const renew = (): void => {
    library.free(session.context);
    session = newSession(library);
    runs = 0;
    held = held.filter((table) => session.socket !== null && holdTable(session.socket.fd, table));
  };
  const perform = async (task: Task): Promise<Result> => {
    if (runs >= MAX_CONTEXT_RUNS) renew();
    runs += 1;
    const { context } = session;
    library.setDryRun(context, task.isDry ?? false);
    library.setOutputFlags(context, task.isJson ? NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_PROTO : 0);
    const status = await runText(library, context, task.text);
    const result = { status, output: library.output(context) ?? '', error: library.error(context) ?? '' };
    // Where a listing was interrupted by a stranger's change libnftables opens another socket, which holds nothing.
    if (session.socket !== null && inodeOf(session.socket.fd) !== session.socket.inode) renew();
    return result;
  };
  const isHeld = (table: NftTableKey): boolean => held.some((one) => nameOf(one) === nameOf(table));
  const enqueue = (task: Task): Promise<Result> => line.run(() => perform(task));
  const listOne = async (what: string): Promise<readonly NftObject[] | null> => {
    const { status, output, error } = await enqueue({ text: `list ${what}`, isJson: true });
    if (status === 0) return parseNftListing(output);
    if (error.includes('No such file or directory')) return null;
    throw new NftFault('list', error);
  };
  const listAll = async (what: string): Promise<readonly NftObject[]> => (await listOne(what)) ?? [];

  return {
    apply: async (text) => {
      if (text.trim() === '') return;
      const isDone = await line.run(() => Promise.resolve(session.socket !== null && applyElements(session.socket.fd, text)));
      if (isDone) return;
      const { status, error } = await enqueue({ text });
      if (status !== 0) throw new NftFault('apply', error);
      // One that is made anew is anybody's.
      held = held.filter((table) => !text.includes(`delete table ${nameOf(table)}\n`));
    },
    check: async (text) => {
      if (text.trim() === '') return null;
      const { status, error } = await enqueue({ text, isDry: true });
      return status === 0 ? null : new NftFault('check', error);
    },
    listTable: ({ family, name }) => listOne(`table ${family} ${name}`),
    listChain: ({ family, name }, chain) => listOne(`chain ${family} ${name} ${chain}`),
    listChains: () => listAll('chains'),
    listSet: async ({ family, name }, set) => (await listOne(`set ${family} ${name} ${set}`))?.[0] ?? null,
    listCounters: async ({ family, name }) => (await listOne(`counters table ${family} ${name}`)) ?? [],
    listTables: async () => tablesOf(await listAll('tables')),
    hold: (table) =>
      line.run(async () => {
        if (isHeld(table)) return 'kept';
        if (session.socket === null || !holdTable(session.socket.fd, table)) return 'refused';
        held = [...held, table];
        return 'taken';
      }),
    isOrphan: (table) => line.run(() => Promise.resolve(session.socket !== null && isOrphan(session.socket.fd, table))),
    isHeld,
    close: async () => {
      await line.idle();
      library.free(session.context);
    },
  };
};

const newSession = (library: Library): Session => {
  const before = new Set(netfilterSockets());
  const context = library.open(NFT_CTX_DEFAULT);
  if (context === null) throw new Fault({ code: 'refused', op: 'open', subject: 'libnftables', detail: 'no context' });
  library.bufferOutput(context);
  library.bufferError(context);
  const [fd] = netfilterSockets().filter((one) => !before.has(one));
  if (fd === undefined) return { context, socket: null };
  // A program that inherited it would be the tables' owner after us.
  closeOnExec(fd);
  return { context, socket: { fd, inode: inodeOf(fd) } };
};

/** 0 for a descriptor that is closed. */
const inodeOf = (fd: number): number => {
  try {
    return fstatSync(fd).ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBADF') return 0;
    throw error;
  }
};

const nameOf = ({ family, name }: NftTableKey): string => `${family} ${name}`;

/** Runs text as a file in memory: only of files does libnftables say in which line an error is. */
const runText = async (library: Library, context: Context, text: string): Promise<number> => {
  const fd = openMemoryFile('nft');
  try {
    writeFileSync(fd, text);
    const path = `/proc/self/fd/${fd}`;
    return text.length < SYNCHRONOUS_CHARACTERS ? library.run(context, path) : await runAsync(library, context, path);
  } finally {
    closeSync(fd);
  }
};

const runAsync = (library: Library, context: Context, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    library.run.async(context, path, (error, status) => {
      if (error === null) resolve(status);
      else reject(error);
    });
  });
