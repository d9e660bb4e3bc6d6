// Loaded into the sandbox before the workflows, where the bundle is made for production.
//
// The SDK takes a stack for every promise of a workflow, for its query `__stack_trace`: a fifth of all that a
// worker does (measured, docs/performance.md). One frame is left: an error still names the line that made it.
// A worker that bundles the sources itself (no TENURE_WORKFLOW_BUNDLE) is without this and has whole stacks.
Error.stackTraceLimit = 1;
