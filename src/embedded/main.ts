// `npm start`: everything in one command, as supervised processes.
import { command } from './command.js';
import { everything } from './everything.js';

await command(everything);
