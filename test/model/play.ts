// Plays a life to its end: until everything is closed, or waits as it should.
import { createActivities } from '../../src/activities/index.js';
import type { OktaClient } from '../../src/okta/index.js';
import { isOpen, type RunReport } from '../../src/domain/run.js';
import { createApi, LOGIN, type Api } from './api.js';
import { createEngine, type Engine } from './engine.js';
import type { Deed, Event, Life } from './life.js';
import { createOrg, FULL_ROLE, groupId, OTHERS, type Account, type Org } from './org.js';
import { watch, type Promises } from './promises.js';
import type { Sandbox } from './sandbox.js';
import { createMemoryStore, type MemoryStore, type Row } from './store.js';
import { DAY, iso, MINUTE, pass, resetTime, SECOND, START } from './time.js';
import { reads } from './reads.js';

/** An event that waits for calls which never come happens after so long. */
const AT_LAST_MS = 3 * MINUTE;
/** Longer than the longest pause between two attempts, and than an orphan is looked for. */
const ROUND_MS = 5 * MINUTE;
const ROUNDS = 40;

export interface Played {
  /** Promises that were broken; empty where all is well. */
  broken: string[];
  /** What happened, line by line. */
  story: string[];
}

export async function play(sandbox: Sandbox, life: Life): Promise<Played> {
  resetTime();
  const story: string[] = [];
  const note = (line: string): void => {
    story.push(`${((Date.now() - START) / SECOND).toFixed(2).padStart(9)} ${line}`);
  };
  const world = {} as { org: Org; store: MemoryStore; engine: Engine; api: Api };
  const promises: Promises = watch(() => world);
  const halfCalls = { count: 0 };
  const calm = { is: false };
  let faults = 0;

  const reported = (row: Row, report: RunReport | null): void => {
    promises.reported(row, report);
    if (report === null) return;
    const { phase, outcome, waiting, problem, event } = report;
    const why = problem === null ? '' : ` ${problem.code}: ${problem.detail.slice(0, 90)}`;
    const wait = waiting === null ? '' : ` waits for ${waiting.for} ${waiting.until ?? ''}`;
    note(`  ${nameOf(row)} says ${phase} ${outcome ?? ''}${wait}${why} (${event?.action ?? '-'})`);
  };
  world.store = createMemoryStore({
    began: (row) => {
      promises.began(row);
    },
    reported,
  });
  world.org = createOrg({
    suspendsProvisioned: life.suspendsProvisioned,
    nextFault: () => {
      const fault = calm.is ? 'none' : (life.faults[faults] ?? 'none');
      faults += 1;
      return fault;
    },
    onCall: () => {
      halfCalls.count += 1;
    },
    onWrite: (actor, what, account, group) => {
      promises.writes(actor, what, account, group);
    },
    onDoubt: (actor, what) => {
      promises.doubts(actor, what);
    },
    say: (line) => {
      note(`    ${line}`);
    },
  });
  const client: OktaClient = {
    connection: () => world.org.connection,
    prove: () => Promise.reject(new Error('no run proves a key')),
    close: () => Promise.resolve(),
  };
  const activities = createActivities(
    { okta: client, store: world.store.deps, now: () => new Date() },
    reads,
  );
  world.engine = createEngine({
    sandbox,
    activities: () => activities as never,
    broken: (what) => promises.broken.push(what),
    note,
  });
  world.api = createApi(world);
  const { org, store, engine, api } = world;
  world.org.role = life.role;
  if (life.status !== null) org.make(LOGIN, life.status, life.memberOf, OTHERS).created -= DAY;

  note(`the life begins at ${iso(START)}`);
  await act({ kind: 'request', request: life.first });
  for (const event of life.events) {
    await until(event);
    await act(event.deed);
  }
  await pass(2 * MINUTE);
  note('calm: Okta answers, and the role allows everything that it could');
  calm.is = true;
  org.role = { ...FULL_ROLE, readUsers: life.role.readUsers };
  await toTheEnd();
  await engine.close();
  return { broken: promises.broken, story };

  async function until({ when }: Event): Promise<void> {
    if ('inMs' in when) {
      await pass(when.inMs);
      return;
    }
    const enough = halfCalls.count + when.halfCalls;
    await pass(AT_LAST_MS, () => halfCalls.count >= enough);
  }

  async function act(deed: Deed): Promise<void> {
    switch (deed.kind) {
      case 'request':
        note(`request: ${JSON.stringify(deed.request)}: ${await api.request(deed.request)}`);
        break;
      case 'again':
        note(`the same request again: ${await api.again()}`);
        break;
      case 'cancel': {
        const row = rowOf(deed.run);
        if (row !== null)
          note(`cancel ${nameOf(row)} (${deed.via}): ${await api.cancel(row, deed.via)}`);
        break;
      }
      case 'message': {
        const row = rowOf(deed.run);
        if (row === null) break;
        if (deed.message.name === 'expedite') promises.expedited(row);
        note(
          `${JSON.stringify(deed.message)} to ${nameOf(row)} (${deed.via}): ${api.send(row, deed.message, deed.via)}`,
        );
        break;
      }
      case 'junk': {
        const row = rowOf(0);
        if (row !== null) api.junk(row, deed.which);
        note(`junk ${deed.which}`);
        break;
      }
      case 'terminate': {
        const row = rowOf(deed.run);
        if (row === null) break;
        // What was about to be written by then is in doubt for good.
        promises.doubts(row.run.id, 'suspendUser');
        note(`terminate ${nameOf(row)}: ${api.terminate(row)}`);
        break;
      }
      case 'restart':
        note('the worker dies, and another one comes');
        engine.restartWorker();
        break;
      case 'others':
        othersAct(deed);
    }
  }

  function rowOf(index: number): Row | null {
    const row = store.rows[store.rows.length - 1 - (index % Math.max(1, store.rows.length))];
    return row === undefined ? null : api.target(row);
  }

  function nameOf(row: Row): string {
    return `${row.kind} ${String(store.rows.indexOf(row) + 1)}`;
  }

  function othersAct({ act: what, group }: Extract<Deed, { kind: 'others' }>): void {
    const known = [...store.rows].reverse().map(({ oktaUserId }) => oktaUserId);
    const account =
      org.byLogin(LOGIN) ??
      known
        .map((id) => (id === null ? undefined : org.accounts.get(id)))
        .find((each) => each !== undefined);
    const done = account === undefined ? makeStranger(what) : change(account, what, groupId(group));
    note(`others: ${what} ${group}: ${done ? 'done' : 'not possible'}`);
  }

  function makeStranger(what: string): boolean {
    if (what !== 'remake' && what !== 'twin') return false;
    const isTwin = what === 'twin';
    const stranger = org.make(LOGIN, isTwin ? 'PROVISIONED' : 'ACTIVE', [], OTHERS);
    if (isTwin) stranger.created -= DAY;
    else stranger.profile['firstName'] = 'Eve';
    org.note(OTHERS, 'remake', stranger.id);
    return true;
  }

  function change(account: Account, what: string, group: ReturnType<typeof groupId>): boolean {
    const { status } = account;
    const to: Record<string, [boolean, string]> = {
      suspend: [status === 'ACTIVE', 'SUSPENDED'],
      unsuspend: [status === 'SUSPENDED', account.statusBefore],
      deactivate: [status !== 'DEPROVISIONED', 'DEPROVISIONED'],
      resuspend: [status === 'SUSPENDED', 'SUSPENDED'],
      activate: [['STAGED', 'PROVISIONED', 'DEPROVISIONED'].includes(status), 'ACTIVE'],
      unlock: [status === 'LOCKED_OUT', 'ACTIVE'],
    };
    const step = to[what];
    if (step !== undefined) {
      if (!step[0]) return false;
      org.setStatus(account, step[1], OTHERS);
      org.note(OTHERS, what, account.id);
      return true;
    }
    switch (what) {
      case 'twin':
        return false;
      case 'rename':
        account.profile['login'] = 'ada.byron@example.com';
        break;
      case 'remake':
        org.note(OTHERS, 'remake', account.id);
        org.remove(account);
        return makeStranger(what);
      case 'join':
        if (status === 'DEPROVISIONED') return false;
        if (!account.groups.has(group)) account.groups.set(group, OTHERS);
        break;
      case 'leave':
        account.groups.delete(group);
        break;
      default:
        account.profile['department'] = 'Legal';
    }
    org.note(OTHERS, what, account.id, group);
    return true;
  }

  async function toTheEnd(): Promise<void> {
    const tries = new Map<string, number>();
    for (let round = 1; round <= ROUNDS; round += 1) {
      await pass(ROUND_MS);
      await api.search();
      const open = store.rows.filter(({ phase }) => isOpen(phase));
      if (open.length === 0) {
        for (const row of store.rows) {
          if (engine.waitsFor(row.workflowId) !== null) {
            promises.broken.push(`${nameOf(row)} is closed, but a workflow is open on its id`);
          }
        }
        return;
      }
      let nextMs = ROUND_MS;
      for (const row of open) nextMs = Math.min(nextMs, decide(row, tries));
      const waiting = open
        .filter(({ phase }) => phase !== 'parked')
        .map((row) => waitOf(row))
        .filter((ms) => ms > 0);
      if (open.every(({ phase }) => phase !== 'parked') && waiting.length > 0) {
        await pass(Math.min(...waiting, 20 * DAY));
      }
    }
    const left = store.rows.filter(({ phase }) => isOpen(phase));
    for (const row of left) {
      const { phase, problem } = row;
      promises.broken.push(`${nameOf(row)} never ends: ${phase} ${problem?.code ?? ''}`);
    }
  }

  /** How long a run still waits as it should; long past where it does not. */
  function waitOf(row: Row): number {
    const { phase, waiting } = row;
    if (waiting?.until === undefined) return -DAY;
    const ms = Date.parse(waiting.until) - Date.now();
    return phase === 'scheduled' || phase === 'holding' ? ms : -DAY;
  }

  /** In peace, a run is closed, parked with a way out, or waits for something that comes. */
  function decide(row: Row, tries: Map<string, number>): number {
    const workflow = engine.waitsFor(row.workflowId);
    if (workflow === null) {
      if (!life.events.some(({ deed }) => deed.kind === 'terminate')) {
        promises.broken.push(`${nameOf(row)} is ${row.phase}, but its workflow is over`);
      }
      return ROUND_MS;
    }
    if (row.phase !== 'parked') {
      const ms = waitOf(row);
      if (ms <= -SECOND || (workflow.timers === 0 && ms > SECOND)) {
        promises.broken.push(
          `${nameOf(row)} is ${row.phase}, waits for ${row.waiting?.for ?? 'nothing'} ${row.waiting?.until ?? ''}, with ${workflow.timers} timers and ${workflow.activities} activities`,
        );
      }
      return ROUND_MS;
    }
    const { problem } = row;
    const tried = tries.get(row.run.id) ?? 0;
    tries.set(row.run.id, tried + 1);
    if (tried > life.retries + 4) {
      promises.broken.push(
        `${nameOf(row)} stays parked, whatever is decided: ${problem?.code ?? ''}`,
      );
    }
    const wanted =
      tried < life.retries ? 'retry' : tried > life.retries + 1 ? 'leave' : life.lastWord;
    const decision = problem?.actions.includes(wanted) === true ? wanted : 'leave';
    note(
      `${decision} for ${nameOf(row)}: ${api.send(row, { name: 'resolve', decision }, 'update')}`,
    );
    return ROUND_MS;
  }
}
