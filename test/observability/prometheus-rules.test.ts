// The alert rules: Prometheus accepts them, they fire when they should, and whoever is woken by one finds
// what to do. promtool is in Debian's package `prometheus`.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, type TestContext } from 'vitest';
import { parse } from 'yaml';
import { createApiMetrics } from '../../src/observability/metrics.js';
import { createWorkerMetrics } from '../../src/observability/worker-metrics.js';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const RULES = 'deploy/prometheus-rules.yml';
const TESTS = 'test/observability/prometheus-rules.test.yml';
const read = (path: string) => readFileSync(`${checkout}${path}`, 'utf8');

interface Rule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
const rules = (parse(read(RULES)) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

/** Alerts that the page names. */
const explained = [...read('docs/failure-modes.md').matchAll(/`(Tenure\w+)`/g)].map(
  ([, name]) => name,
);

describe('the alert rules', () => {
  /** Where CI runs, a missing promtool fails the test rather than skips it. */
  function promtool({ skip }: TestContext, ...args: string[]): string {
    const isMissing = spawnSync('promtool', ['--version']).error !== undefined;
    if (isMissing && process.env['CI'] !== 'true') {
      skip('promtool is not on the PATH: it is in the Debian package "prometheus"');
    }
    return execFileSync('promtool', args, { cwd: checkout, encoding: 'utf8' });
  }

  it('are accepted by promtool', (context) => {
    expect(promtool(context, 'check', 'rules', RULES)).toContain('SUCCESS');
  });

  it('fire when they should, and not when they should not', (context) => {
    expect(promtool(context, 'test', 'rules', TESTS)).toContain('SUCCESS');
  });

  it('are each tried', () => {
    const tests = read(TESTS);
    const isTried = ({ alert }: Rule) =>
      tests.includes(alert) || (alert.startsWith('TenureApi') && tests.includes('TenureApi.*'));
    expect(rules.filter((rule) => !isTried(rule)).map(({ alert }) => alert)).toEqual([]);
  });

  it('ask only for numbers that there are', () => {
    const none = () => Promise.resolve({});
    const api = createApiMetrics({
      countRuns: none,
      connectionStatuses: () => Promise.resolve([]),
      oldestUnstarted: () => Promise.resolve(null),
      trouble: () => Promise.resolve({ overdue: {}, parked: {}, failing: 0 }),
      pollers: none,
    });
    const known = [api, createWorkerMetrics()].flatMap(({ registry }) =>
      registry.getMetricsAsArray().map(({ name }) => name),
    );
    const asked = rules.flatMap(({ expr }) => expr.match(/\btenure_\w+/g) ?? []);
    expect(asked.length).toBeGreaterThan(rules.length - 2);
    const names = new Set(asked.map((name) => name.replace(/_(bucket|count|sum)$/, '')));
    expect([...names].filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s says what it means, how bad it is, and stands in docs/failure-modes.md',
    (alert, { labels, annotations }) => {
      expect(Object.keys(annotations).sort()).toEqual(['description', 'summary']);
      expect(labels['severity']).toMatch(/^(critical|warning)$/);
      expect(explained).toContain(alert);
    },
  );
});
