// The workflow types of a release with a bug: every task of theirs fails.
function fail(): Promise<never> {
  throw new Error('a bug of this release');
}

export const onboard = fail;
export const offboard = fail;
