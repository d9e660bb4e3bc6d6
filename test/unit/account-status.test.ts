import { describe, expect, it } from 'vitest';
import {
  ACCESS_TAKEN,
  ADOPTABLE,
  clickToBringBack,
  isAccessTaken,
} from '../../src/domain/account-status.js';
import { OKTA_USER_STATUSES } from '../../src/domain/okta-user.js';

describe('what a status means', () => {
  it.each([
    ['STAGED', false, null],
    ['PROVISIONED', false, null],
    ['ACTIVE', false, null],
    ['RECOVERY', false, null],
    ['LOCKED_OUT', false, null],
    ['PASSWORD_EXPIRED', false, null],
    ['SUSPENDED', true, 'More Actions, Unsuspend'],
    ['DEPROVISIONED', true, 'Activate'],
    ['HIBERNATED', false, null],
    ['constructor', false, null],
  ])('%s: access taken %s, click %s', (status, taken, click) => {
    expect(isAccessTaken(status)).toBe(taken);
    expect(clickToBringBack(status)).toBe(click);
  });

  it('every status of Okta either is adopted as it is or needs a click', () => {
    expect([...ADOPTABLE, ...ACCESS_TAKEN].sort()).toEqual([...OKTA_USER_STATUSES].sort());
  });
});
