import { describe, expect, it } from 'vitest';
import { knownStatus } from '../../src/domain/okta-user.js';
import { planSuspension } from '../../src/domain/suspension.js';

describe('the plan of a suspension', () => {
  it.each([
    ['ACTIVE', { kind: 'suspend' }, { kind: 'suspend' }],
    [
      'PASSWORD_EXPIRED',
      { kind: 'try-suspend', otherwise: 'park' },
      { kind: 'try-suspend', otherwise: 'deactivate' },
    ],
    [
      'PROVISIONED',
      { kind: 'try-suspend', otherwise: 'park' },
      { kind: 'try-suspend', otherwise: 'deactivate' },
    ],
    [
      'RECOVERY',
      { kind: 'try-suspend', otherwise: 'park' },
      { kind: 'try-suspend', otherwise: 'deactivate' },
    ],
    [
      'LOCKED_OUT',
      { kind: 'unlock-then-suspend', otherwise: 'park' },
      { kind: 'unlock-then-suspend', otherwise: 'deactivate' },
    ],
    ['STAGED', { kind: 'satisfied', why: 'staged' }, { kind: 'deactivate' }],
    ['SUSPENDED', { kind: 'satisfied', why: 'suspended' }, { kind: 'satisfied', why: 'suspended' }],
    [
      'DEPROVISIONED',
      { kind: 'satisfied', why: 'deprovisioned' },
      { kind: 'satisfied', why: 'deprovisioned' },
    ],
    ['ACTIVATING', { kind: 'park' }, { kind: 'park' }],
    ['something new', { kind: 'park' }, { kind: 'park' }],
  ])('from %s', (status, parking, deactivating) => {
    expect(planSuspension(knownStatus(status), 'park')).toEqual(parking);
    expect(planSuspension(knownStatus(status), 'deactivate')).toEqual(deactivating);
  });
});
