// The one place where errors become answers: application/problem+json (RFC 9457) with a stable code,
// a sentence for people, and nothing about our insides.
import { isGrpcServiceError, ServiceError as TemporalServiceError } from '@temporalio/client';
import type { ProblemAnswer } from '../domain/answer.schema.js';
import type { Fault } from '../domain/fault.schema.js';
import type { RunAction, RunKind, RunRecord } from '../domain/run.js';
import { ServiceError } from '../domain/service-error.js';

export interface ProblemMore {
  errors?: Fault[];
  run?: RunRecord;
  actions?: RunAction[];
  headers?: Record<string, string>;
}

/** An answer that is not the one hoped for; thrown by whoever knows. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly more: ProblemMore;

  constructor(status: number, code: string, title: string, detail: string, more: ProblemMore = {}) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.title = title;
    this.more = more;
  }

  static invalid(errors: Fault[]): Problem {
    const said = errors.map(({ path, code }) => (path === '' ? code : `${path} ${code}`));
    const detail = `${errors.length === 1 ? 'One thing is' : `${errors.length} things are`} wrong: ${said.join(', ')}`;
    return new Problem(400, 'INVALID', 'The request is not valid', detail, { errors });
  }

  static notFound(code: string, what: string): Problem {
    return new Problem(
      404,
      code,
      'Not found',
      `${what} does not exist, or is not visible with this key`,
    );
  }

  static actionNotPossible(run: RunRecord, detail: string): Problem {
    return new Problem(409, 'ACTION_NOT_POSSIBLE', 'That cannot be done now', detail, {
      run,
      actions: run.actions,
    });
  }

  /** @param wanted the kind of the request that found it open */
  static runOpen(run: RunRecord | null, wanted: RunKind): Problem {
    const title = 'Another run is open';
    const urgent = wanted === 'offboarding' ? '; for an urgent one send ifOpen "takeover"' : '';
    if (run === null) {
      return new Problem(409, 'RUN_OPEN', title, `Another run of this person is open${urgent}`);
    }
    const actions = harmlessActions(run);
    const whose = `${run.id}, ${run.kind} of ${run.person.login}, ${run.phase} since ${run.createdAt}`;
    const possible = `possible with it: ${actions.join(', ') || 'nothing'}`;
    return new Problem(
      409,
      'RUN_OPEN',
      title,
      `Another run of this person is open: ${whose}; ${possible}${urgent}`,
      { run: { ...run, actions }, actions },
    );
  }

  static superseded(run: RunRecord, by: RunRecord | null): Problem {
    const detail = `Its place was taken by ${run.supersededBy ?? 'another run'}, which is the one to act on`;
    return new Problem(409, 'ACTION_NOT_POSSIBLE', 'That cannot be done now', detail, {
      ...(by === null ? {} : { run: by }),
      actions: [],
    });
  }

  static temporalUnavailable(detail: string): Problem {
    return new Problem(503, 'TEMPORAL_UNAVAILABLE', 'Temporal cannot be reached', detail, {
      headers: { 'Retry-After': '5' },
    });
  }
}

/** The problem that stands for any error. 500 for what nobody foresaw: to be logged. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isTemporalTrouble(error)) {
    return Problem.temporalUnavailable('Nothing was changed as far as is known; try again soon');
  }
  if (error instanceof ServiceError && error.code === 'CURSOR_INVALID') {
    return Problem.invalid([
      { path: 'cursor', code: 'INVALID', detail: 'Not a cursor that this list gave' },
    ]);
  }
  if (isDatabaseTrouble(error)) {
    return new Problem(
      503,
      'DATABASE_UNAVAILABLE',
      'The database cannot be reached',
      'Try again soon',
      { headers: { 'Retry-After': '5' } },
    );
  }
  return ofHttp(error) ?? unforeseen();
}

/** Body and headers of a problem. */
export function problemBody(problem: Problem, requestId: string): ProblemAnswer {
  const { errors, run, actions } = problem.more;
  return {
    type: `urn:tenure:problem:${problem.code.toLowerCase().replaceAll('_', '-')}`,
    title: problem.title,
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    requestId,
    ...(errors === undefined ? {} : { errors }),
    ...(run === undefined ? {} : { run: seenRun(run) }),
    ...(actions === undefined ? {} : { actions }),
  };
}

function seenRun({ id, kind, phase, person, createdAt, actions }: RunRecord) {
  return { id, kind, phase, login: person.login, since: createdAt, actions };
}

/**
 * What can be done with a run that is in the way without giving anybody access: who asks may mean somebody
 * else than the run does.
 */
function harmlessActions({ kind, actions }: RunRecord): RunAction[] {
  const gives: RunAction[] =
    kind === 'offboarding' ? ['cancel', 'resolve'] : ['expedite', 'resolve'];
  return actions.filter((action) => !gives.includes(action));
}

function unforeseen(): Problem {
  return new Problem(
    500,
    'INTERNAL',
    'Something went wrong here',
    'The log has the reason under the request id',
  );
}

function isTemporalTrouble(error: unknown): boolean {
  return error instanceof TemporalServiceError || isGrpcServiceError(error);
}

/** The store says so itself, whatever its driver met. */
export function isDatabaseTrouble(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'STORE_UNAVAILABLE';
}

/** Errors of Express and its body parser carry a status and a `type`. */
function ofHttp(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const { status, type } = error as { status?: unknown; type?: unknown };
  if (typeof status !== 'number' || status < 400 || status > 499) return null;
  switch (type) {
    case 'entity.parse.failed':
      return new Problem(
        400,
        'MALFORMED_JSON',
        'The body is not JSON',
        'The body could not be read as JSON',
      );
    case 'entity.too.large':
      return new Problem(413, 'TOO_LARGE', 'The body is too large', 'At most 256 kB are accepted');
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new Problem(
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        'The body cannot be read',
        'Send JSON in UTF-8, uncompressed or with gzip',
      );
    default:
      return new Problem(
        status,
        'BAD_REQUEST',
        'The request cannot be read',
        'The request is not valid HTTP for this API',
      );
  }
}
