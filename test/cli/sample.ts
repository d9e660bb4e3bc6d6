// A run as the API answers it, to be varied.
import type { SeenRun } from '../../src/cli/seen-run.js';

export const NOW = Date.parse('2027-03-31T14:00:00Z');

export function sampleRun(changes: Partial<SeenRun> = {}): SeenRun {
  return {
    id: 'demo.3f9c0d2a7be41c55.01990000-0000-7000-8000-000000000001',
    kind: 'offboarding',
    connection: 'demo',
    phase: 'scheduled',
    outcome: null,
    previous: null,
    next: null,
    continuesAs: null,
    supersededBy: null,
    actor: null,
    updatedAt: '2027-03-01T00:00:00Z',
    person: { login: 'ada@example.com', name: 'Ada Lovelace', oktaUserId: null },
    requestedBy: null,
    reason: null,
    batch: null,
    createdAt: '2027-03-01T00:00:00Z',
    finishedAt: null,
    deadlines: {
      suspendAt: { at: '2027-03-31T15:00:00Z', local: '2027-03-31T17:00[Europe/Berlin]' },
    },
    waiting: { for: 'suspend', until: '2027-03-31T15:00:00Z' },
    steps: [],
    problem: null,
    drift: [],
    actions: ['cancel', 'reschedule', 'expedite'],
    temporal: { workflowId: 'person/demo/3f9c', runId: null, status: null, url: null },
    ...changes,
  };
}

export function sampleStep(changes: Partial<SeenRun['steps'][number]> = {}) {
  return {
    name: 'suspendUser',
    status: 'done' as const,
    startedAt: '2027-03-31T15:00:00.000Z',
    finishedAt: '2027-03-31T15:00:00.120Z',
    attempts: 1,
    oktaRequestIds: [],
    detail: null,
    ...changes,
  };
}
