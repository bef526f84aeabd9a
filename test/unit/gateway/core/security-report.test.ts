// Reports of a Content-Security-Policy: which GlitchTip 5.2 was seen to take.
import { expect, it } from '@jest/globals';
import { isSecurityReport } from '../../../../gateway/core/security-report.js';

const REPORT = { 'blocked-uri': 'https://a/', 'disposition': 'enforce', 'document-uri': 'https://b/', 'effective-directive': 'img-src', 'original-policy': 'img-src', 'script-sample': '', 'status-code': 200 };

it.each<[string, object]>([
  ['as browsers send it', {}], ['that only reports', { disposition: 'report' }], ['with nulls where they may be', { 'original-policy': null, 'status-code': null, 'script-sample': null, 'line_number': null }], ['with a status that is a text', { 'status-code': '200' }], ['with numbers for texts', { 'blocked-uri': 2.5 }],
])('one %s is taken', (_, more) => expect(isSecurityReport({ 'csp-report': { ...REPORT, ...more } })).toBe(true));

it.each<[string, object]>([
  ['without a policy', { 'original-policy': undefined }], ['without a status', { 'status-code': undefined }], ['with a status that is a word', { 'status-code': 'fine' }], ['with a list for a text', { 'document-uri': [] }], ['without a text', { 'blocked-uri': null }], ['of another kind', { disposition: 1 }],
])('one %s is refused', (_, more) => expect(isSecurityReport({ 'csp-report': { ...REPORT, ...more } })).toBe(false));

it.each<unknown>([{}, { 'csp-report': null }, { 'csp-report': [REPORT] }, [{ type: 'csp-violation', body: REPORT }], null, 'text', undefined])('%j is none', (json) => expect(isSecurityReport(json)).toBe(false));
