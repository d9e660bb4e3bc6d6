// Refuses a Node that is too old, in words that such a Node can still run: nothing modern here, and
// no import of anything else.

const MINIMUM_NODE = '20.19.0';

/** Ends the process with that sentence where there is one. */
export function requireNode(version = process.versions.node) {
  const problem = nodeProblem(version);
  if (problem === null) return;
  console.error(`tenure: ${problem}`);
  process.exit(1);
}

/** Null, or the sentence that says what to do about this version of Node. */
function nodeProblem(version) {
  const [major, minor] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = MINIMUM_NODE.split('.').map(Number);
  const enough = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  if (enough) return null;
  return `Tenure needs Node ${MINIMUM_NODE} or newer and this is ${version}: install a newer Node and run the command again.`;
}
