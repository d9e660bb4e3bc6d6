// The bundle's entry: the exported names are the registered workflow types.
export { adoptKey } from './adopt-key.js';
export { offboard } from './offboard.js';
export { onboard } from './onboard.js';
export { listGroups, verifyConnection } from './questions.js';
