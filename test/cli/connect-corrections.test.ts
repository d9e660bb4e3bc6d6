// What is changed in a connection that is there, at a step of the guide or by an option.
import { describe, expect, it } from 'vitest';
import { ANSWERS, changesIn, startGuide } from './guided.js';
import { createOrg } from './org.js';

describe('connect, where the connection is not right yet', () => {
  it('corrects the domain and the Client ID where they are found wrong', async () => {
    const org = createOrg(['dns', 'app.client']);
    const { guide, asked } = await startGuide(org);
    const mended = ['dns', 'app.client'];
    const onOutput = (text: string) => {
      if (text.includes('corrects it')) org.broken.delete(mended.shift() ?? '');
    };
    const { exitCode, out } = await guide([...ANSWERS, 'acme2.okta.com', '0oa2', 'n'], {
      onOutput,
    });
    expect([exitCode, out]).toEqual([0, expect.stringContaining('Changed, as asked')]);
    expect(changesIn(asked)).toEqual([{ domain: 'acme2.okta.com' }, { clientId: '0oa2' }]);
  });

  it('says why a correction is refused, and asks again', async () => {
    const org = createOrg();
    const { guide, asked } = await startGuide(org);
    await guide([...ANSWERS, 'n']);
    await guide(['globex.okta.com', '0oa9', '', 'UTC', '1', 'n']);
    const before = asked.length;
    org.broken.add('app.client');
    const onOutput = (text: string) => {
      if (text.includes('Changed, as asked')) org.broken.clear();
    };
    // As if both apps were of the same org.
    org.connections.forEach((connection) => (connection.domain = 'acme.okta.com'));
    const input = ['0oa 2', '0oa9', '0oa2', 'n'];
    const { exitCode, out } = await guide(input, { args: ['acme'], onOutput });
    expect(exitCode).toBe(0);
    expect(out).toContain('  clientId: A client id has no blanks');
    expect(out).toContain('That is the connection globex.');
    expect(changesIn(asked.slice(before))).toEqual([
      { clientId: '0oa 2' },
      { clientId: '0oa9' },
      { clientId: '0oa2' },
    ]);
    // What was not taken is no reason to look again.
    expect(asked.slice(before).filter(({ path }) => path.endsWith('/verify'))).toHaveLength(2);
  });

  it("asks whether a corrected domain that is none of Okta's is meant, until it is", async () => {
    const org = createOrg(['dns']);
    const { guide, asked } = await startGuide(org);
    const onOutput = (text: string) => {
      if (text.includes('Changed, as asked')) org.broken.clear();
    };
    const input = [...ANSWERS, 'id.acme.com', 'n', 'id.acme.com', 'y', 'n'];
    const { exitCode, out } = await guide(input, { onOutput });
    expect([exitCode, out]).toEqual([0, expect.stringContaining('none of Okta’s own domains')]);
    expect(changesIn(asked)).toEqual([
      { domain: 'id.acme.com' },
      { domain: 'id.acme.com', customDomain: true },
    ]);
  });

  it('asks the same of the domain that an option gives a connection that is there', async () => {
    const { guide, asked } = await startGuide(createOrg());
    await guide([...ANSWERS, 'n']);
    const args = ['acme', '--domain', 'id.acme.com'];
    expect((await guide(['y', 'n'], { args })).exitCode).toBe(0);
    expect(changesIn(asked)).toEqual([{ domain: 'id.acme.com', customDomain: true }]);
  });

  it('renames a connection that is there, and asks nothing for that', async () => {
    const { guide, asked } = await startGuide(createOrg());
    await guide([...ANSWERS, 'n']);
    const { exitCode } = await guide(['n'], { args: ['acme', '--name', 'Acme Inc.'] });
    expect([exitCode, changesIn(asked)]).toEqual([0, [{ name: 'Acme Inc.' }]]);
  });
});
