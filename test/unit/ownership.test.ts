import { describe, expect, it } from 'vitest';
import { as } from '../../src/domain/brand.js';
import type { OktaUser } from '../../src/domain/okta-user.js';
import { isOurCreate, isOurSuspension } from '../../src/domain/ownership.js';

const ABSENT_AT = '2027-01-04T08:00:00.000Z';
const SENT = {
  firstName: 'Ada',
  lastName: 'Lovelace',
  email: 'ada@example.com',
  login: 'ada@example.com',
  costCenters: ['a', 'b'],
};

function account(changes: Partial<OktaUser>): OktaUser {
  return {
    id: as('00u0000000000000000a'),
    status: 'PROVISIONED',
    created: '2027-01-04T08:00:01.000Z',
    statusChanged: null,
    transitioningToStatus: null,
    profile: { ...SENT, mobilePhone: null },
    ...changes,
  };
}
const ours = (changes: Partial<OktaUser>, activation: 'email' | 'none' = 'email'): boolean =>
  isOurCreate(account(changes), { absentAt: ABSENT_AT, sent: SENT, activation });

describe('an account found after a lost answer', () => {
  it('is ours when it came after we looked and carries all that we sent', () => {
    expect(ours({})).toBe(true);
  });

  it('is ours within the second that Okta cuts off', () => {
    expect(ours({ created: '2027-01-04T07:59:58.000Z' })).toBe(true);
  });

  it('is a stranger when it was there before', () => {
    expect(ours({ created: '2027-01-04T07:59:57.000Z' })).toBe(false);
  });

  it('is a stranger when one attribute differs, a list included', () => {
    expect(ours({ profile: { ...SENT, lastName: 'Byron' } })).toBe(false);
    expect(ours({ profile: { ...SENT, costCenters: ['a'] } })).toBe(false);
  });

  it('is a stranger in a status that our create does not yield', () => {
    expect(ours({ status: 'STAGED' })).toBe(false);
    expect(ours({ status: 'STAGED' }, 'none')).toBe(true);
    expect(ours({ status: 'SUSPENDED' })).toBe(false);
    expect(ours({ status: 'something new' })).toBe(false);
  });
});

describe('a suspension found after a lost answer', () => {
  const before = { status: 'ACTIVE', at: '2027-01-04T08:00:00.400Z' };

  it('is ours when the status changed after we looked', () => {
    const now = { status: 'SUSPENDED', statusChanged: '2027-01-04T08:00:00.000Z' };
    expect(isOurSuspension(now, before)).toBe(true);
  });

  it('is not ours when she was suspended before, or earlier, or when nothing says when', () => {
    const now = { status: 'SUSPENDED', statusChanged: '2027-01-04T08:00:00.000Z' };
    expect(isOurSuspension(now, { ...before, status: 'SUSPENDED' })).toBe(false);
    expect(isOurSuspension({ ...now, statusChanged: '2027-01-04T07:59:00.000Z' }, before)).toBe(
      false,
    );
    expect(isOurSuspension({ ...now, statusChanged: null }, before)).toBe(false);
    expect(isOurSuspension({ ...now, status: 'ACTIVE' }, before)).toBe(false);
  });
});
