// The table of commands, in the order in which they are listed.
import { ACTION_COMMANDS } from './actions.js';
import type { Command } from './command.js';
import { connectCommand } from './connect.js';
import { offboardCommand } from './offboard.js';
import { onboardCommand } from './onboard.js';
import { rekeyCommand } from './rekey.js';
import { runCommand } from './run.js';
import { runsCommand } from './runs.js';
import { verifyCommand } from './verify.js';

export const COMMANDS: readonly Command[] = [
  connectCommand,
  verifyCommand,
  onboardCommand,
  offboardCommand,
  runsCommand,
  runCommand,
  ...ACTION_COMMANDS,
  rekeyCommand,
];
