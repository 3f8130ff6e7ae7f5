import type { RequestLine } from '../authenticator.js';
import type { AccessRule } from './token-facts.js';

/** What access rules call this service. */
const SERVICE = 'network';

/** Whether one of the rules lets the request through: the service, the method, and a path in which `*` and `{name}` stand for one segment, `**` for any. */
export const isAllowedBy = (rules: readonly AccessRule[], { method, path }: RequestLine): boolean =>
  rules.some((rule) => rule.service === SERVICE && rule.method === method && pathPattern(rule.path).test(path));

const PARTS = /\{[^}]*\}|\*\*|\*|[^{*]+|\{/g;

const pathPattern = (path: string): RegExp => {
  const parts = (path.match(PARTS) ?? []).map((part) => {
    if (part === '**') return '.*';
    if (part === '*' || (part.startsWith('{') && part.endsWith('}'))) return '[^/]+';
    return part.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
};
