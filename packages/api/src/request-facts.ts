import type { Actor } from '@manx/model';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from './answer.js';
import { HttpError } from './http-error.js';
import type { Origin } from './ledger.js';

/** On whose behalf the request comes. Throws 401 where nobody was let in. */
export const actorOf = ({ actor }: FastifyRequest): Actor => {
  if (actor === null) throw new HttpError(401);
  return actor;
};

/** What a commit remembers of the request. */
export const commitOrigin = (request: FastifyRequest, actor: Actor): Origin => ({
  requestId: request.id,
  userId: actor.user_id,
  projectId: actor.project_id,
});

/** Sends an answer. */
export const send = (reply: FastifyReply, { status, text }: Answer): FastifyReply => {
  void reply.code(status);
  return text === null ? reply.send() : reply.type('application/json').send(text);
};
