import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parsePersonWorkflowId,
  parseRunAddress,
  personWorkflowId,
  runRef,
} from '../../src/contract/ids.js';
import { as } from '../../src/domain/brand.js';

const connection = fc.stringMatching(/^[a-z][a-z0-9-]{1,30}$/).map((id) => as<never>(id));
const subject = fc.stringMatching(/^[0-9a-f]{16}$/).map((ref) => as<never>(ref));
const request = fc.uuid().map((id) => as<never>(id));

describe('identifiers', () => {
  it('survive the way there and back', () => {
    fc.assert(
      fc.property(connection, subject, request, (c, s, r) => {
        const run = runRef(c, s, r);
        expect(parseRunAddress(run.id)).toEqual({ kind: 'run', run });
        expect(parseRunAddress(`${String(c)}.${String(s)}`)).toEqual({
          kind: 'latest',
          connection: c,
          subjectRef: s,
        });
        expect(parsePersonWorkflowId(personWorkflowId(c, s))).toEqual({
          connection: c,
          subjectRef: s,
        });
      }),
    );
  });

  it('are not found in anything else', () => {
    for (const text of ['', 'demo', 'demo.', 'Demo.0123456789abcdef', 'demo.0123456789abcdef.x']) {
      expect(parseRunAddress(text)).toBe(null);
    }
    for (const text of ['', 'person/demo', 'batch/demo/0123456789abcdef', 'person/demo/x']) {
      expect(parsePersonWorkflowId(text)).toBe(null);
    }
  });
});
