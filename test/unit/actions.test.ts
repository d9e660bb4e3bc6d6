import { describe, expect, it } from 'vitest';
import {
  possibleActions,
  refuseAction,
  refuseExpedite,
  refuseReschedule,
} from '../../src/domain/actions.js';
import { RUN_PHASES, type Deadlines } from '../../src/domain/run.js';

const SOON = { at: '2027-03-31T15:00:00Z' };
const LATER = { at: '2027-04-30T15:00:00Z' };

type Stands = Parameters<typeof possibleActions>[0];
const standing = (changes: Partial<Stands>): Stands => ({
  phase: 'scheduled',
  waiting: { for: 'suspend', until: SOON.at },
  deadlines: { suspendAt: SOON, deprovisionAt: LATER },
  undoing: false,
  ...changes,
});

describe('what can be asked of a run', () => {
  it.each([
    ['scheduled', ['cancel', 'reschedule', 'expedite']],
    ['running', ['cancel']],
    ['parked', ['cancel', 'resolve']],
    ['holding', ['cancel', 'reschedule', 'expedite']],
    ['completed', []],
    ['cancelled', []],
    ['failed', []],
  ] as const)('%s: %j', (phase, actions) => {
    expect(possibleActions(standing({ phase }))).toEqual(actions);
  });

  it('leaves only the undo in a hold that ends by itself', () => {
    const deadlines: Deadlines = { suspendAt: SOON };
    expect(possibleActions(standing({ phase: 'holding', deadlines }))).toEqual(['cancel']);
  });

  it('lets a contract end be moved while the onboarding runs', () => {
    const deadlines: Deadlines = { endsAt: LATER };
    expect(possibleActions(standing({ phase: 'running', deadlines }))).toEqual([
      'cancel',
      'reschedule',
    ]);
  });

  it('takes nothing but a decision while it undoes', () => {
    for (const phase of RUN_PHASES) {
      expect(possibleActions(standing({ phase, undoing: true }))).toEqual(
        phase === 'parked' ? ['resolve'] : [],
      );
    }
  });

  it('says what is possible instead', () => {
    expect(refuseAction(standing({}), 'resolve')).toBe(
      'Not possible now. Possible: cancel, reschedule, expedite.',
    );
    expect(refuseAction(standing({ phase: 'completed' }), 'cancel')).toBe(
      'Nothing can be changed in this run any more.',
    );
  });
});

describe('moving deadlines', () => {
  it('takes one that is still ahead', () => {
    expect(refuseReschedule(standing({}), { suspendAt: { at: '2027-03-01T00:00:00Z' } })).toBe(
      null,
    );
  });

  it('refuses one that has passed, or that the run never had', () => {
    const holding = standing({ phase: 'holding', waiting: { for: 'deprovision' } });
    expect(refuseReschedule(holding, { suspendAt: LATER })).toContain('suspendAt');
    expect(refuseReschedule(standing({}), { startAt: LATER })).toContain('startAt');
    expect(refuseReschedule(standing({}), {})).toBe('Nothing to change was given.');
  });

  it('refuses an end before its start, against what is not changed too', () => {
    expect(refuseReschedule(standing({}), { suspendAt: { at: '2027-05-01T00:00:00Z' } })).toBe(
      'The end would come before the start.',
    );
  });

  it('brings forward only what the run waits for', () => {
    expect(refuseExpedite(standing({}), 'suspend')).toBe(null);
    expect(refuseExpedite(standing({}), 'deprovision')).toContain('not waiting to deprovision');
  });
});
