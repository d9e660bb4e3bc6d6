// The files of the production form, held to rules, since a container is not run here: what Compose
// starts is pinned, closed to the network, checked, and told nothing that nobody reads.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(`${checkout}${path}`, 'utf8');

interface Service {
  image: string;
  restart?: string;
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  secrets?: string[];
  volumes?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  healthcheck?: { disable?: boolean; test?: string[] };
  depends_on?: Record<string, { condition: string }>;
  stop_grace_period?: string;
}
interface Compose {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
}
const file = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const services = Object.entries(file.services);
const okta = parse(read('deploy/okta.yml')) as Pick<Compose, 'services' | 'secrets'>;

/** What both docker-compose 1.29 and the plugin accept, of what is used here. */
const SERVICE_KEYS = [
  ...['image', 'build', 'restart', 'command', 'entrypoint', 'environment', 'ports', 'secrets'],
  ...['volumes', 'read_only', 'tmpfs', 'cap_drop', 'security_opt', 'healthcheck', 'depends_on'],
  ...['stop_grace_period', 'shm_size', 'logging'],
];
const HEALTHCHECK_KEYS = ['disable', 'test', 'interval', 'timeout', 'retries', 'start_period'];
const CONDITIONS = ['service_healthy', 'service_completed_successfully'];

/** Variables that an image reads itself, by the image's name. */
const IMAGE_VARIABLES: Record<string, string[]> = {
  postgres: ['POSTGRES_USER', 'POSTGRES_PASSWORD_FILE', 'POSTGRES_INITDB_ARGS'],
  // docker/config_template.yaml of the server, and the entrypoint.
  'temporalio/server': [
    ...['DB', 'DB_PORT', 'POSTGRES_SEEDS', 'POSTGRES_USER', 'DBNAME', 'VISIBILITY_DBNAME'],
    ...['NUM_HISTORY_SHARDS', 'DYNAMIC_CONFIG_FILE_PATH', 'PROMETHEUS_ENDPOINT', 'LOG_LEVEL'],
  ],
  // tools/sql/main.go, the CLI, and the scripts in deploy/temporal.
  'temporalio/admin-tools': [
    ...['SQL_HOST', 'SQL_PORT', 'SQL_USER', 'SQL_PASSWORD_FILE'],
    ...['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'],
  ],
  'temporalio/ui': ['TEMPORAL_ADDRESS', 'TEMPORAL_UI_PORT', 'TEMPORAL_DEFAULT_NAMESPACE'],
  tenure: [
    // The schema of src/config.ts, and what the entrypoint reads from files.
    ...[...read('src/config.ts').matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name = '']) => name),
    ...[...read('deploy/secret-files.mjs').matchAll(/'([A-Z_]+)'/g)].map(
      ([, name = '']) => `${name}_FILE`,
    ),
  ],
};
const imageName = (image: string) => image.split(':')[0] ?? '';

const RELEASE = String.raw`\d+\.\d+\.\d+`;
/** What a tag of a release looks like: none of them is moved on to the next one. */
const RELEASES: Record<string, RegExp> = {
  // Its releases have two numbers.
  postgres: /^\d+\.\d+-[a-z]+$/,
  'temporalio/server': new RegExp(`^${RELEASE}$`),
  'temporalio/admin-tools': new RegExp(`^${RELEASE}-tctl-${RELEASE}-cli-${RELEASE}$`),
  'temporalio/ui': new RegExp(`^${RELEASE}$`),
  tenure: new RegExp(`^${RELEASE}$`),
};

/** What the pattern's group stands for. */
const only = (pattern: RegExp, text: string): string =>
  pattern.exec(text)?.[1] ?? expect.fail(`nothing like ${pattern.source}`);

const isJob = ({ restart }: Service) => restart === 'on-failure';

describe('docker-compose.yml', () => {
  it('uses only what both generations of Compose accept', () => {
    expect(
      Object.keys(file)
        .filter((key) => !key.startsWith('x-'))
        .sort(),
    ).toEqual([...['secrets', 'services', 'volumes']]);
    for (const [name, service] of services) {
      const strange = Object.keys(service).filter((key) => !SERVICE_KEYS.includes(key));
      expect(strange, name).toEqual([]);
      const checks = Object.keys(service.healthcheck ?? {});
      expect(
        checks.filter((key) => !HEALTHCHECK_KEYS.includes(key)),
        name,
      ).toEqual([]);
    }
  });

  it.each(services)('%s is pinned to a release', (_name, { image }) => {
    const [name = '', tag, ...rest] = image.split(':');
    expect(rest).toEqual([]);
    expect(tag).toMatch(RELEASES[name] ?? expect.fail(`${name} is not known`));
  });

  it.each(services)('%s listens on loopback or nowhere', (_name, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it.each(services)('%s has a health check, or is a job that ends', (_name, service) => {
    if (isJob(service)) expect(service.healthcheck).toEqual({ disable: true });
    else expect(service.healthcheck?.test?.[0]).toMatch(/^CMD(-SHELL)?$/);
  });

  it.each(services)('%s is told only what its image reads', (_name, service) => {
    const known = IMAGE_VARIABLES[imageName(service.image)];
    const strange = Object.keys(service.environment ?? {}).filter(
      (name) => known?.includes(name) !== true,
    );
    expect(strange).toEqual([]);
  });

  it.each(services)('%s gets its secrets as files', (_name, service) => {
    const environment = Object.entries(service.environment ?? {});
    const secrets = environment.filter(([name]) =>
      /PASSWORD|PWD|KEY|TOKEN|DATABASE_URL/.test(name),
    );
    for (const [name, value] of secrets) {
      expect(name).toMatch(/_FILE$/);
      const [, secret = ''] = /^\/run\/secrets\/(.+)$/.exec(value) ?? [];
      expect(service.secrets).toContain(secret);
    }
    for (const [name, value] of environment) expect(value, name).not.toMatch(/:\/\/.*:.*@/);
    for (const secret of service.secrets ?? []) expect(file.secrets).toHaveProperty([secret]);
  });

  it.each(services)('%s waits for what it needs, in the right way', (_name, service) => {
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      const other = file.services[needed];
      expect(other, needed).toBeDefined();
      expect(CONDITIONS).toContain(condition);
      expect(condition).toBe(
        other !== undefined && isJob(other) ? 'service_completed_successfully' : 'service_healthy',
      );
    }
  });

  it('mounts only files that are there, read-only', () => {
    for (const [name, { volumes = [] }] of services) {
      for (const volume of volumes) {
        const [source = '', , mode] = volume.split(':');
        if (source.startsWith('.')) {
          expect(existsSync(`${checkout}${source}`), `${name}: ${source}`).toBe(true);
          expect(mode).toBe('ro');
        } else expect(file.volumes).toHaveProperty([source]);
      }
    }
  });

  it('gives our processes longer to stop than they take, and no rights that they do not use', () => {
    const seconds = (name: string) =>
      Number(only(/^(\d+)s$/, file.services[name]?.stop_grace_period ?? ''));
    const grace = (path: string) =>
      Number(only(/ GRACE_MS = (\d[\d_]*);/, read(path)).replaceAll('_', '')) / 1_000;
    expect(seconds('api')).toBeGreaterThan(grace('src/api/main.ts'));
    expect(seconds('worker')).toBeGreaterThan(grace('src/worker.ts'));
    const ours = services.filter(([, { image }]) => imageName(image) === 'tenure');
    expect(ours.map(([name]) => name)).toEqual(['temporal-setup', 'api', 'worker']);
    for (const [name, service] of ours) {
      expect(service, name).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    }
  });

  it('gives both Temporal tools and the server one release, the tested one', () => {
    const tested = only(
      /SERVER_VERSION = 'v(\d+\.\d+\.\d+)'/,
      read('test/production/build-cluster.mjs'),
    );
    const releases = services.flatMap(([name, { image }]) => {
      const [, release] = /^temporalio\/(?:server|admin-tools):([\d.]+)(?:-|$)/.exec(image) ?? [];
      return release === undefined ? [] : [[name, release]];
    });
    expect(releases).toEqual(
      ['temporal-schema', 'temporal', 'temporal-namespace'].map((name) => [name, tested]),
    );
  });

  it('reads only secrets that deploy/make-secrets.sh makes', () => {
    const made = [...read('deploy/make-secrets.sh').matchAll(/keep (\w[\w.]+)/g)].map(
      ([, name]) => name,
    );
    for (const [name, { file: path }] of Object.entries(file.secrets)) {
      expect(path).toBe(`./deploy/secrets/${name}`);
      expect(made).toContain(name);
    }
  });

  it('takes an Okta org from a second file, by the same rules', () => {
    const api = okta.services['api'];
    const variables = Object.entries(api?.environment ?? {});
    expect(variables.map(([name]) => name)).toEqual(['TENURE_CONNECTION_FILE']);
    for (const secret of api?.secrets ?? []) expect(okta.secrets).toHaveProperty([secret]);
  });

  it.for(clients())('is accepted by $name', ({ command }) => {
    const [program = '', ...args] = command;
    expect(() =>
      execFileSync(
        program,
        [...args, '-f', 'docker-compose.yml', '-f', 'deploy/okta.yml', 'config'],
        {
          cwd: checkout,
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      ),
    ).not.toThrow();
  });
});

/** Clients of Compose on this machine; `config` needs no daemon. */
function clients(): { name: string; command: string[] }[] {
  return [['docker', 'compose'], ['docker-compose']]
    .filter(([program = '', ...args]) => spawnSync(program, [...args, 'version']).status === 0)
    .map((command) => ({ name: command.join(' '), command }));
}

describe('Dockerfile', () => {
  const dockerfile = read('Dockerfile');
  const lines = dockerfile.replaceAll('\\\n', ' ').split('\n');
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

  it('builds every stage from one image, pinned to a release', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:20\.\d+\.\d+-[a-z-]+$/);
  });

  it('ends as an unprivileged user, with a health check that needs no other program', () => {
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^HEALTHCHECK /m);
    expect(dockerfile).not.toMatch(/curl|wget|apt-get/);
    expect(last).toMatch(/^ENTRYPOINT \["node", /m);
  });

  it('copies only what the build context lets in, and nothing secret', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copies = lines.filter((text) => /^COPY (?!--from)/.test(text));
    expect(copies).not.toEqual([]);
    for (const line of copies) {
      for (const source of line.split(/\s+/).slice(1, -1)) {
        expect(existsSync(`${checkout}${source}`), source).toBe(true);
        const pattern = source.startsWith('deploy/') ? 'deploy/*.mjs' : source;
        expect(allowed).toContain(pattern);
      }
    }
    expect(dockerfile).not.toMatch(/^(ARG|ENV) .*(KEY|PASSWORD|TOKEN|SECRET)/m);
  });
});
