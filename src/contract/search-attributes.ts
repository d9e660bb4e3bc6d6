// The search attributes that a run carries. None of them holds a name, an address or a secret.
import { defineSearchAttributeKey } from '@temporalio/common';

export const TenureRun = defineSearchAttributeKey('TenureRun', 'KEYWORD');
export const TenureConnection = defineSearchAttributeKey('TenureConnection', 'KEYWORD');
export const TenureFlow = defineSearchAttributeKey('TenureFlow', 'KEYWORD');
export const TenurePhase = defineSearchAttributeKey('TenurePhase', 'KEYWORD');
export const TenureBatch = defineSearchAttributeKey('TenureBatch', 'KEYWORD');
export const TenureSubject = defineSearchAttributeKey('TenureSubject', 'KEYWORD');
export const TenureDueAt = defineSearchAttributeKey('TenureDueAt', 'DATETIME');

/** All of them, for registration at boot; adding one that exists is fine. */
export const SEARCH_ATTRIBUTES = [
  TenureRun,
  TenureConnection,
  TenureFlow,
  TenurePhase,
  TenureBatch,
  TenureSubject,
  TenureDueAt,
];
