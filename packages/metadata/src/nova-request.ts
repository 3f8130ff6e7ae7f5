import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Owner } from '@manx/hoststate';
import type { Ip } from '@manx/ip';

/** Who asks: the instance, and the address that Nova is told. */
export type Asker = { readonly owner: Owner; readonly address: Ip };

/** What a guest may say of its request, and Nova of its answer. Everything else ends here, identity above all. */
const FROM_GUEST = ['accept', 'accept-language', 'content-length', 'content-type', 'user-agent'] as const;
const FROM_NOVA = ['cache-control', 'content-language', 'content-length', 'content-type', 'etag', 'last-modified'] as const;

/**
 * The headers of a request to Nova's metadata service behind a proxy (`[neutron] service_metadata_proxy` in Nova's configuration
 * reference): the instance, its project, where it asked from, and an HMAC-SHA256 of the instance's id in hexadecimal.
 */
export const novaHeaders = (guest: IncomingHttpHeaders, { owner, address }: Asker, secret: string): OutgoingHttpHeaders => ({
  ...kept(guest, FROM_GUEST),
  'X-Instance-ID': owner.instance,
  'X-Tenant-ID': owner.project,
  'X-Instance-ID-Signature': createHmac('sha256', secret).update(owner.instance).digest('hex'),
  'X-Forwarded-For': address,
});

/** The headers of the answer to the guest. */
export const guestHeaders = (nova: IncomingHttpHeaders): OutgoingHttpHeaders => kept(nova, FROM_NOVA);

/** Whether a request's target is a path: an absolute URL, or `*`, would be somebody else's business. Control characters end no line here. */
export const isPath = (target: string): boolean => /^\/[\x21-\x7e]*$/.test(target);

const kept = (headers: IncomingHttpHeaders, names: readonly string[]): OutgoingHttpHeaders =>
  Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
