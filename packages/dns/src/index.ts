export { type DnsOptions, type DnsService, type DnsTap, openDns } from './dns-service.js';
