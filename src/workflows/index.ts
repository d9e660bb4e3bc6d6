// The bundle's entry: the exported names are the registered workflow types.
export { offboard } from './offboard.js';
export { onboard } from './onboard.js';
