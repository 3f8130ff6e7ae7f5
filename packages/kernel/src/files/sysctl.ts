import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { faultOfErrno } from '../errno.js';
import { Fault } from '../fault.js';

const ROOT = '/proc/sys';
const PART = /^[A-Za-z0-9_][A-Za-z0-9_.@:-]*$/;

/** The value below /proc/sys without its newline (`net/ipv4/ip_forward`), of the process's network namespace; null when there is none. Throws Fault. */
export const readSysctl = (path: string): string | null => {
  const file = fileOf(path);
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch (error) {
    if (isGone(error)) return null;
    throw fault('read sysctl', path, error);
  }
};

/** Writes a value below /proc/sys. Throws Fault, `missing` when there is no such setting. */
export const writeSysctl = (path: string, value: string): void => {
  const file = fileOf(path);
  try {
    writeFileSync(file, `${value}\n`, { flag: 'r+' });
  } catch (error) {
    throw fault('write sysctl', path, error);
  }
};

const fileOf = (path: string): string => {
  if (!path.split('/').every((part) => PART.test(part) && !part.includes('..'))) {
    throw new Fault({ code: 'refused', op: 'use sysctl', subject: JSON.stringify(path), detail: 'not a path below /proc/sys' });
  }
  return `${ROOT}/${path}`;
};

const isGone = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

const fault = (op: string, path: string, error: unknown): Fault => {
  const { errno } = error as NodeJS.ErrnoException;
  return faultOfErrno(op, path, { errno: errno === undefined ? constants.errno.EIO : -errno });
};
