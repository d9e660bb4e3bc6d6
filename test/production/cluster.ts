// The Temporal cluster server on PostgreSQL, as production runs it: four services in one process, the
// schema by Temporal's own tool, a namespace by the CLI. It listens on loopback, on free ports.
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TEMPORAL_GUARD } from '../../src/embedded/guarded-process.js';
import { isFree } from '../../src/embedded/ports.js';
import { ensureDatabase } from '../../src/embedded/postgres.js';
import { temporalAnswers } from '../../src/embedded/temporal-server.js';
import { findTemporalCli } from '../../scripts/setup/temporal-cli.mjs';
import { eventually } from '../support/eventually.js';
import { serverProcess } from '../support/server-process.js';
import { ensureCluster } from './build-cluster.mjs';

/** A namespace of its own, with a retention that the set-up has to raise. */
export const NAMESPACE = 'tenure';
const RETENTION = '72h';
const SHARDS = 16;
const always = () => true;
const DATABASES = { temporal: 'temporal', visibility: 'temporal_visibility' } as const;
const DEPLOY = fileURLToPath(new URL('../../deploy/temporal/', import.meta.url));

export interface Cluster {
  /** host:port of the frontend. */
  address: string;
  /** Resolves when the frontend serves. */
  start(): Promise<void>;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
  /** SIGKILL, and its end. */
  kill(): Promise<void>;
  /** Temporal's defaults, or the dynamic configuration that `deploy/` has; read at the next start. */
  configure(dynamic: 'defaults' | 'deployed'): Promise<void>;
  /** The `temporal` CLI against this server and namespace. */
  cli(...args: string[]): Promise<string>;
}

/** Makes the schema, unless the databases have it, and the configuration. Does not start the server. */
export async function prepareCluster(options: {
  dir: string;
  /** Any database of the PostgreSQL server. */
  postgresUrl: string;
}): Promise<Cluster> {
  const { dir } = options;
  const postgres = new URL(options.postgresUrl);
  const programs = await ensureCluster();
  await mkdir(dir, { recursive: true });
  const tools = await makeToolbox(dir, programs.sqlTool);
  // deploy/postgres/init.sh makes the databases, for a role of their own.
  for (const name of Object.values(DATABASES)) await ensureDatabase(postgres.href, name);
  await deployed('setup-schema.sh', tools, {
    SQL_HOST: postgres.hostname,
    SQL_PORT: postgres.port,
    SQL_USER: postgres.username,
    SQL_PASSWORD: postgres.password,
  });
  const ports = await freePorts(8);
  await writeFile(join(dir, 'production.yaml'), JSON.stringify(serverConfig(dir, postgres, ports)));
  const address = `127.0.0.1:${ports[0] ?? 0}`;
  const server = serverProcess({
    command: {
      file: programs.server,
      args: ['--root', '/', '--config', dir, '--env', 'production', 'start'],
      env: { PATH: process.env['PATH'] },
      cwd: dir,
    },
    plan: TEMPORAL_GUARD,
    logFile: join(dir, 'temporal.log'),
    ready: (signal) => temporalAnswers(address, signal),
  });
  const cli = async (...args: string[]) => {
    const where = ['--address', address, '--namespace', NAMESPACE];
    const { stdout } = await promisify(execFile)(join(tools, 'temporal'), [...args, ...where], {
      env: { HOME: dir },
      maxBuffer: 16 * 2 ** 20,
    });
    return stdout;
  };
  const configure: Cluster['configure'] = async (dynamic) => {
    const file = join(dir, 'dynamic.yaml');
    if (dynamic === 'deployed') await copyFile(join(DEPLOY, 'dynamic.yaml'), file);
    else await writeFile(file, '');
  };
  await configure('defaults');

  return {
    address,
    configure,
    cli,
    start: async () => {
      await server.start();
      await deployed('create-namespace.sh', tools, {
        TEMPORAL_ADDRESS: address,
        TEMPORAL_NAMESPACE: NAMESPACE,
        TEMPORAL_RETENTION: RETENTION,
      });
      // The server's services learn of a new namespace within ten seconds.
      const list = () => cli('workflow', 'list', '--limit', '1');
      await eventually('the namespace can be used', () => list().then(always, () => false), 60_000);
    },
    stop: () => server.end('SIGTERM'),
    kill: () => server.end('SIGKILL'),
  };
}

/** `temporal` and `temporal-sql-tool` in one folder, as the image of Temporal's admin tools has them. */
async function makeToolbox(dir: string, sqlTool: string): Promise<string> {
  const tools = join(dir, 'bin');
  await mkdir(tools, { recursive: true });
  await symlink(resolve(await findTemporalCli()), join(tools, 'temporal'));
  await symlink(sqlTool, join(tools, 'temporal-sql-tool'));
  return tools;
}

/** A script of `deploy/temporal`, as its container runs it. */
async function deployed(script: string, tools: string, env: Record<string, string>): Promise<void> {
  await promisify(execFile)('/bin/sh', [join(DEPLOY, script)], {
    env: { PATH: `${tools}:/usr/bin:/bin`, HOME: tools, ...env },
    maxBuffer: 16 * 2 ** 20,
  });
}

/** JSON is YAML. As in the image's template, on loopback, each service with ports of its own. */
function serverConfig(dir: string, postgres: URL, ports: number[]) {
  const rpc = (service: number) => ({
    rpc: {
      grpcPort: ports[service * 2],
      membershipPort: ports[service * 2 + 1],
      bindOnIP: '127.0.0.1',
    },
  });
  const store = (databaseName: string, maxConns: number) => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: postgres.host,
      connectProtocol: 'tcp',
      user: postgres.username,
      password: postgres.password,
      maxConns,
      maxIdleConns: maxConns,
      maxConnLifetime: '1h',
    },
  });
  const address = `127.0.0.1:${ports[0] ?? 0}`;
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: SHARDS,
      datastores: {
        default: store(DATABASES.temporal, 20),
        visibility: store(DATABASES.visibility, 10),
      },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: {
      frontend: rpc(0),
      history: rpc(1),
      matching: rpc(2),
      worker: rpc(3),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: address,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    publicClient: { hostPort: address },
    dynamicConfigClient: { filepath: join(dir, 'dynamic.yaml'), pollInterval: '10s' },
  };
}

/**
 * Free ports on loopback, all different. Temporal keeps its ports in PostgreSQL as `smallint`, so they
 * must lie below 32768, where the operating system gives none away by itself.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(12_000, 32_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}
