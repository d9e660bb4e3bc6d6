// What `tenure connect` was told, and the file that keeps it until the connection itself does. No secret
// is in it: a private key is only sent.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Answers {
  id?: string | undefined;
  name?: string | undefined;
  domain?: string | undefined;
  /** Said of a domain that is none of Okta's own, and meant. */
  customDomain?: boolean | undefined;
  clientId?: string | undefined;
  timeZone?: string | undefined;
}

export interface AnswersFile {
  load: () => Answers;
  save: (answers: Answers) => void;
  remove: () => void;
}

export function answersFile(file: string): AnswersFile {
  return {
    load: () => {
      try {
        return JSON.parse(readFileSync(file, 'utf8')) as Answers;
      } catch {
        return {};
      }
    },
    save: (answers) => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const unfinished = `${file}.${process.pid}.new`;
      writeFileSync(unfinished, `${JSON.stringify(answers, null, 2)}\n`, { mode: 0o600 });
      renameSync(unfinished, file);
    },
    remove: () => {
      rmSync(file, { force: true });
    },
  };
}
