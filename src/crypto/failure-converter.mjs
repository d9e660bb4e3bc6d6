// Puts message and stack of every failure into a payload, which the codec then encrypts; the history
// itself shows "Encoded failure". Plain JavaScript, because client and worker `require()` it by path
// (from `src/` as from `dist/`), and the workflow bundle takes it in by the same path.
import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
