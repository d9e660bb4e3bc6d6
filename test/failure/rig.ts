// The whole service in this process, for many stories at once: every report of a run heard as it is
// written, every step open to interference, and for each story a simulated org and a connection of its
// own, so that a fault hits nobody else.
import { createActivities, type Activities } from '../../src/activities/index.js';
import { seedConnections } from '../../src/api/seed-connections.js';
import { as, type ConnectionId } from '../../src/domain/brand.js';
import type { RunRef, RunReport } from '../../src/domain/run.js';
import { createOktaClient } from '../../src/okta/index.js';
import { newAgent } from '../../src/okta/exchange.js';
import { startSimulator } from '../../src/simulator/server.js';
import type { ConnectionStore } from '../../src/store/store.js';
import { controlOf, type Control } from '../support/control.js';
import { startTenure, type OrgUser, type Tenure } from '../support/tenure.js';
import { Context } from '@temporalio/activity';
import { generateKeyPair, exportJWK } from 'jose';

/** As in production, so that a busy machine adds no fault of its own. */
const PATIENT_MS = 20_000;
/** Where an answer is to come too late. */
export const HASTY_MS = 4_000;

/** API, worker and dozens of stories share them, so that none waits until it is refused. */
const POOL_SIZE = 40;

/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:1';

export type Role = 'demo' | 'seed-role';

export interface Call {
  method: string;
  /** `*` stands for one segment, as the simulator's faults have it. */
  path: string;
}

/** A call as the simulator has logged it. */
export interface LoggedCall extends Call {
  seq: number;
  status: number | null;
  fault?: string;
}

export interface Org {
  connection: ConnectionId;
  role: Role;
  sim: Control;
  users: () => Promise<(OrgUser & { profile: { login: string; title?: string } })[]>;
  log: () => Promise<LoggedCall[]>;
  /** Refuses the connection to `times` calls of this kind, after `after` that pass. */
  refuse: (call: Call, after: number, times: number) => void;
  /** How many connections were refused. */
  refused: () => number;
  /** How often the connection was blocked. */
  blocked: () => number;
  close: () => Promise<void>;
}

export interface Step {
  runId: string;
  /** Counts the steps of a run from 0; another attempt, or slice of a list, is the same step. */
  index: number;
  /** Counts the slices of a list from 0. How many there are hangs on how busy the machine is. */
  slice: number;
  name: string;
  attempt: number;
}

/** Stands between Temporal and a step; must call `work` to have it done. */
export type Interference = (step: Step, work: () => Promise<unknown>) => Promise<unknown>;

export interface Watch {
  /** Reports of the run so far. */
  reports: RunReport[];
  /** The first report from number `from` on that is as wished, told or to come. */
  next: (
    from: number,
    wished: (report: RunReport) => boolean,
    withinMs: number,
  ) => Promise<{ report: RunReport; index: number }>;
}

export interface Rig {
  tenure: Tenure;
  /** `hasty`: its answers are waited for `HASTY_MS` only. */
  openOrg: (role: Role, hasty?: boolean) => Promise<Org>;
  watch: (runId: string) => Watch;
  /** Steps of runs of this connection go through here from now on. */
  interfere: (connection: ConnectionId, by: Interference) => void;
  close: () => Promise<void>;
}

interface Refusal {
  call: Call;
  toPass: number;
  left: number;
}

interface Listener {
  from: number;
  wished: (report: RunReport) => boolean;
  found: (at: { report: RunReport; index: number }) => void;
}

export async function startRig(): Promise<Rig> {
  const activities: Partial<Activities> = {};
  const tenure = await startTenure({ worker: false, activities, poolSize: POOL_SIZE });
  const { store } = tenure;

  const refusals = new Map<string, Refusal[]>();
  const refusedAt = new Map<string, number>();
  const redirect = (origin: string, method: string, path: string): string => {
    for (const refusal of refusals.get(origin) ?? []) {
      if (!matches(refusal.call, method, path)) continue;
      if (refusal.toPass > 0) {
        refusal.toPass -= 1;
        continue;
      }
      if (refusal.left === 0) continue;
      refusal.left -= 1;
      refusedAt.set(origin, (refusedAt.get(origin) ?? 0) + 1);
      return NOWHERE;
    }
    return origin;
  };
  const agent = newAgent(8, PATIENT_MS, { allowLoopback: true });
  const dispatcher = agent.compose((dispatch) => (options, handler) => {
    const [path = ''] = options.path.split('?');
    const origin = redirect(String(options.origin), options.method, path);
    return dispatch({ ...options, origin }, handler);
  });
  const oktaWithin = (timeoutMs: number) =>
    createOktaClient({
      credentials: (id) => store.connections.credentials(id),
      tokens: store.tokens,
      gate: store.rates,
      timeoutMs,
      allowLoopback: true,
      dispatcher,
    });
  const [patient, hasty] = [oktaWithin(PATIENT_MS), oktaWithin(HASTY_MS)];
  const isHasty = new Set<ConnectionId>();
  const okta = {
    ...patient,
    connection: (id: ConnectionId) => (isHasty.has(id) ? hasty : patient).connection(id),
  };

  const blocks = new Map<string, number>();
  const connections: ConnectionStore = {
    ...store.connections,
    block: (id, problem) => {
      blocks.set(id, (blocks.get(id) ?? 0) + 1);
      return store.connections.block(id, problem);
    },
  };

  const reports = new Map<string, RunReport[]>();
  const listeners = new Map<string, Set<Listener>>();
  const hear = (report: RunReport): void => {
    const told = reports.get(report.run.id) ?? [];
    reports.set(report.run.id, told);
    if (told.some(({ version }) => version === report.version)) return;
    told.push(report);
    for (const listener of listeners.get(report.run.id) ?? []) tell(listener, told);
  };

  const interferences = new Map<string, Interference>();
  const places = new Map<string, Place[]>();
  const real = createActivities({
    okta,
    store: {
      connections,
      connectionKeys: store.connectionKeys,
      runs: store.runs,
      groups: store.groups,
      refusals: store.refusals,
    },
    now: () => new Date(),
  });
  const wrapped = Object.entries(real).map(([name, activity]) => [
    name,
    async (input: StepInput | RunReport) => {
      const work = () => (activity as (input: unknown) => Promise<unknown>)(input);
      if (isReport(input)) {
        await work();
        hear(input);
        return undefined;
      }
      const { run } = input;
      const interference = interferences.get(run.connection);
      if (interference === undefined) return work();
      const { activityId, attempt, workflowExecution } = Context.current().info;
      const place = `${workflowExecution?.runId ?? ''}/${activityId}`;
      const known = places.get(run.id) ?? [];
      places.set(run.id, known);
      const { index, slice } = placeOf(known, place, name);
      return interference({ runId: run.id, index, slice, name, attempt }, work);
    },
  ]);
  Object.assign(activities, Object.fromEntries(wrapped));
  await tenure.startWorker();

  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'matrix', alg: 'ES256', use: 'sig' };
  let orgs = 0;
  let opened: Promise<unknown> = Promise.resolve();

  return {
    tenure,
    interfere: (connection, by) => void interferences.set(connection, by),

    async openOrg(role, needsHaste = false) {
      orgs += 1;
      const connection = as<ConnectionId>(`${role}-${orgs}`);
      if (needsHaste) isHasty.add(connection);
      // One after the other: dozens at once would keep this process from hearing the database.
      const starting = opened.then(() => startSimulator({ seed: 'demo' }));
      opened = starting;
      const simulator = await starting;
      const { origin } = simulator;
      await seedConnections(only(store.connections, role, connection, key), origin);
      const sim = controlOf(origin);
      return {
        connection,
        role,
        sim,
        users: () => sim('GET', '/users'),
        log: () => sim('GET', '/requests'),
        refuse: (call, after, times) => {
          refusals.set(origin, [{ call, toPass: after, left: times }]);
        },
        refused: () => refusedAt.get(origin) ?? 0,
        blocked: () => blocks.get(connection) ?? 0,
        close: () => simulator.close(),
      };
    },

    watch(runId) {
      const told = reports.get(runId) ?? [];
      reports.set(runId, told);
      return {
        reports: told,
        next: (from, wished, withinMs) =>
          new Promise((resolve, reject) => {
            const heard = listeners.get(runId) ?? new Set();
            listeners.set(runId, heard);
            const timer = setTimeout(() => {
              heard.delete(listener);
              const last = told.at(-1);
              reject(
                new Error(
                  `not within ${withinMs} ms; last heard: ${last?.phase ?? 'nothing'} ${last?.problem?.code ?? ''}`,
                ),
              );
            }, withinMs);
            const listener: Listener = {
              from,
              wished,
              found: (at) => {
                heard.delete(listener);
                clearTimeout(timer);
                resolve(at);
              },
            };
            heard.add(listener);
            tell(listener, told);
          }),
      };
    },

    async close() {
      await tenure.close();
      await Promise.all([patient.close(), hasty.close()]);
      await agent.destroy();
    },
  };
}

/** What every step is given, whatever else. */
interface StepInput {
  run: RunRef;
}

/** An activity of a run, with the step that it is a part of. */
interface Place {
  id: string;
  name: string;
  index: number;
  slice: number;
}

const IN_SLICES = ['assignGroups', 'removeFromGroup'];

function placeOf(known: Place[], id: string, name: string): Place {
  const seen = known.find((place) => place.id === id);
  if (seen !== undefined) return seen;
  const last = known.at(-1);
  const isNextSlice = last?.name === name && IN_SLICES.includes(name);
  const place = isNextSlice
    ? { id, name, index: last.index, slice: last.slice + 1 }
    : { id, name, index: last === undefined ? 0 : last.index + 1, slice: 0 };
  known.push(place);
  return place;
}

/** The workflow's own word about its run is no step. */
function isReport(input: StepInput | RunReport): input is RunReport {
  return 'version' in input;
}

function tell({ from, wished, found }: Listener, told: RunReport[]): void {
  const index = told.findIndex((report, at) => at >= from && wished(report));
  const report = told[index];
  if (report !== undefined) found({ report, index });
}

/** The embedded mode's own seeding, with one connection under another id and a key that is there. */
function only(
  store: ConnectionStore,
  role: Role,
  id: ConnectionId,
  privateJwk: Record<string, unknown>,
): ConnectionStore {
  return {
    ...store,
    get: () => Promise.resolve(null),
    credentials: () => Promise.resolve({ origin: '', clientId: '', scopes: [], privateJwk }),
    put: (connection) =>
      store.put({ ...connection, id: connection.id === role ? id : as(`${id}-other`) }),
  };
}

export function matches(call: Call, method: string, path: string): boolean {
  return call.method === method && call.path === templateOf(path);
}

/** The path with ids and logins replaced by `*`. */
export function templateOf(path: string): string {
  return path
    .split('/')
    .map((segment) => (/^00[ug]\w{17}$/.test(segment) || isLogin(segment) ? '*' : segment))
    .join('/');
}

function isLogin(segment: string): boolean {
  return decodeURIComponent(segment).includes('@');
}
