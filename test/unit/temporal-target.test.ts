import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { temporalTarget } from '../../src/temporal-target.js';

const PROFILES = `
[profile.default]
address = "acme.tmprl.cloud:7233"
namespace = "acme.a1b2c"
api_key = "from-the-profile"

[profile.test]
namespace = "acme-test.a1b2c"
`;

const VARIABLES = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_PROFILE',
  'TEMPORAL_CONFIG_FILE',
];
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tenure-profile-'));
  for (const variable of VARIABLES) vi.stubEnv(variable, undefined);
  vi.stubEnv('TEMPORAL_CONFIG_FILE', join(directory, 'none.toml'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

const target = () => temporalTarget(loadConfig(process.env));

function profiles(): void {
  const file = join(directory, 'temporal.toml');
  writeFileSync(file, PROFILES);
  vi.stubEnv('TEMPORAL_CONFIG_FILE', file);
}

describe('the Temporal that is meant', () => {
  it('is the embedded one where nothing is said', () => {
    vi.stubEnv('TENURE_TEMPORAL_PORT', '17233');
    expect(target()).toEqual({
      connection: { address: '127.0.0.1:17233' },
      namespace: 'default',
    });
  });

  it('is that of a profile, its namespace too', () => {
    profiles();
    expect(target()).toEqual({
      connection: { address: 'acme.tmprl.cloud:7233', apiKey: 'from-the-profile', tls: true },
      namespace: 'acme.a1b2c',
    });
  });

  it('is that of the profile that is named', () => {
    profiles();
    vi.stubEnv('TEMPORAL_PROFILE', 'test');
    expect(target().namespace).toBe('acme-test.a1b2c');
  });

  it('follows a variable before a profile', () => {
    profiles();
    vi.stubEnv('TEMPORAL_ADDRESS', 'temporal:7233');
    vi.stubEnv('TEMPORAL_NAMESPACE', 'tenure');
    expect(target()).toMatchObject({
      connection: { address: 'temporal:7233' },
      namespace: 'tenure',
    });
  });

  it('takes an empty variable for none, as Compose hands one on that is not set', () => {
    vi.stubEnv('TEMPORAL_ADDRESS', '');
    vi.stubEnv('TEMPORAL_NAMESPACE', '');
    expect(target()).toEqual({ connection: { address: '127.0.0.1:7233' }, namespace: 'default' });
  });
});
