// What both kinds of request have in common once they are understood: accept, start, answer.
import { furtherPersonWorkflowId, personWorkflowId } from '../../contract/ids.js';
import type { RunAnswer } from '../../domain/answer.schema.js';
import type { AppDeps } from '../deps.js';
import type { Answer, Call, Route } from '../route.js';
import type { RunReader } from '../run-reader.js';
import { beginningOf, type RunInput } from '../start-order.js';
import type { Starter } from '../starter.js';
import type { JsonValue } from '../../domain/okta-user.js';

export interface RequestDeps {
  store: AppDeps['store'];
  starter: Starter;
  reader: RunReader;
  now: () => number;
}

interface Request {
  run: RunInput;
  login: string;
  name: string | null;
  requestedBy: string | undefined;
  reason: string | undefined;
  requestHash: string;
  takeover: boolean;
}

/**
 * 202 with the new run; 200 with the run of the same request before, which has looked again where its part
 * was done; 202, not confirmed, where no worker was there to look.
 */
export async function accept(deps: RequestDeps, call: Call, request: Request): Promise<Answer> {
  const { connection, subjectRef } = request.run.input.run;
  const { run, isNew, isConfirmed } = await deps.starter.submit(
    {
      run: request.run.input.run,
      workflowIds: [
        personWorkflowId(connection, subjectRef),
        furtherPersonWorkflowId(request.run.input.run),
      ],
      kind: request.run.kind,
      ...beginningOf(request.run),
      login: request.login,
      name: request.name,
      requestedBy: request.requestedBy ?? null,
      reason: request.reason ?? null,
      requestHash: request.requestHash,
      input: request.run.input as unknown as JsonValue,
      apiKeyId: call.key.id,
      takeover: request.takeover,
    },
    request.run,
    call.actionId,
  );
  const { body, headers } = shown(isNew ? deps.reader.row(run) : await deps.reader.show(run));
  return {
    status: isNew || !isConfirmed ? 202 : 200,
    resource: run.id,
    body: isConfirmed ? body : { ...body, confirmed: false },
    headers,
  };
}

/** The run that was answered before, as it stands now. */
export function replayRun(deps: Pick<RequestDeps, 'reader'>): NonNullable<Route['replay']> {
  return async (call, resource) =>
    shown(await deps.reader.show(await deps.reader.find(call.key, resource)));
}

export function shown(run: RunAnswer): { body: RunAnswer; headers: Record<string, string> } {
  return { body: run, headers: { Location: `/v1/runs/${run.id}` } };
}
