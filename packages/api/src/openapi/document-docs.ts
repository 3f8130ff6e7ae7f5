import type { OperationDoc, Schema } from './operation-doc.js';
import { wrapped } from './resource-schemas.js';

const text: Schema = { type: 'string' };

const object = (properties: { readonly [name: string]: Schema }): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const link = object({ rel: { const: 'self' }, href: { type: 'string', format: 'uri' } });
const links: Schema = { type: 'array', items: link };
const extension = object({ alias: text, name: text, description: text, updated: text, links: { type: 'array', maxItems: 0 } });

/** What the documents by which clients find their way say of themselves. */
export const DOCUMENT_DOCS = {
  versions: {
    summary: 'The versions of the API: one.',
    tag: 'documents',
    isOpen: true,
    answers: { '200': object({ versions: { type: 'array', items: object({ id: text, status: text, links }) } }) },
  },
  resources: {
    summary: 'Where each kind of resource lives.',
    tag: 'documents',
    answers: { '200': object({ resources: { type: 'array', items: object({ name: text, collection: text, links }) } }) },
  },
  extensions: {
    summary: 'The extensions of the API that work.',
    tag: 'documents',
    answers: { '200': object({ extensions: { type: 'array', items: extension } }) },
  },
  extension: { summary: 'One extension.', tag: 'documents', answers: { '200': wrapped('extension', extension) } },
} as const satisfies { readonly [name: string]: OperationDoc };

const isOpen = true;
const list: Schema = { type: 'array', items: { type: 'object' } };

/** What the health routes say of themselves. */
export const HEALTH_DOCS = {
  healthz: { summary: 'Whether the process answers.', tag: 'health', isOpen, answers: { '200': object({ status: { const: 'ok' } }) } },
  readyz: {
    summary: 'Whether the server can serve; 503 with the reasons when it cannot.',
    tag: 'health',
    isOpen,
    answers: {
      '200': object({ status: { const: 'ok' } }),
      '503': object({ status: { const: 'not ready' }, reasons: { type: 'array', items: text } }),
    },
  },
} as const satisfies { readonly [name: string]: OperationDoc };

/** What `/debug/state` says of itself. */
export const STATE_DOC: OperationDoc = {
  summary: 'How the cloud is: hosts, and what is wrong with what to do; for programs on this machine.',
  tag: 'health',
  isOpen,
  answers: { '200': object({ revision: { type: 'integer' }, ports: { type: 'integer' }, hosts: list, problems: list }) },
};

/** What `/metrics` says of itself. */
export const METRICS_DOC: OperationDoc = {
  summary: 'Metrics in the text format of Prometheus, for programs on this machine.',
  tag: 'health',
  isOpen,
  answers: { '200': text },
  contentType: 'text/plain',
};
