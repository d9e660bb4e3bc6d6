/** The arrows of docs/architecture.md, one rule per folder: what a folder may import. */
const folder = (name, mayImport) => ({
  name: `${name}-arrows`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: {
    path: '^src/',
    pathNot: [`^src/(${[name, ...mayImport].join('|')})(/|\\.ts$)`],
  },
});

module.exports = {
  forbidden: [
    folder('domain', []),
    folder('contract', ['domain']),
    folder('crypto', ['domain']),
    folder('okta', ['domain']),
    folder('store', ['domain', 'crypto']),
    folder('activities', ['okta', 'store', 'domain', 'contract']),
    folder('simulator', []),
    folder('observability', []),
    folder('embedded', ['config']),
    folder('demo', ['embedded']),
    folder('cli', ['domain', 'store', 'crypto', 'config']),
    {
      name: 'cli-speaks-http',
      severity: 'error',
      comment: 'Only the change of the master key works on the database itself.',
      from: { path: '^src/cli/', pathNot: '^src/cli/rekey\.ts$' },
      to: { path: '^src/(store|crypto)' },
    },
    folder('api', [
      'contract',
      'domain',
      'store',
      'crypto',
      'observability',
      'config',
      'temporal-target',
    ]),
    {
      name: 'workflows-stay-pure',
      severity: 'error',
      comment: 'Values come from contract and domain only; activities are known by their types.',
      from: { path: '^src/workflows' },
      to: {
        pathNot: ['^src/(workflows|contract|domain)', 'node_modules/@temporalio/(workflow|common)'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'domain-knows-zod-only',
      severity: 'error',
      from: { path: '^src/domain' },
      to: { pathNot: ['^src/domain', 'node_modules/zod'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'okta-and-store-know-no-temporal',
      severity: 'error',
      from: { path: '^src/(okta|store|simulator|domain)' },
      to: { path: 'node_modules/@temporalio' },
    },
    {
      name: 'api-starts-work-by-name',
      severity: 'error',
      from: { path: '^src/api' },
      to: { path: '^src/(okta|activities|workflows)' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
