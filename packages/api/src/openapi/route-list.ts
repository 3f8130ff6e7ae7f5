import type { FastifyInstance } from 'fastify';
import type { OperationDoc } from './operation-doc.js';

/** A route of the app: how it is called, and what it says of itself, if it does. */
export type ListedRoute = { readonly method: string; readonly url: string; readonly doc: OperationDoc | null };

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route, in the order in which they were added. */
    listedRoutes: readonly ListedRoute[];
  }
}

/** Keeps a list of the routes that are added from here on, as `app.listedRoutes`. */
export const listRoutes = (app: FastifyInstance): void => {
  const listed: ListedRoute[] = [];
  app.decorate('listedRoutes', listed);
  app.addHook('onRoute', ({ url, method, config }) => {
    for (const one of [method].flat()) listed.push({ method: one, url, doc: config?.doc ?? null });
  });
};
